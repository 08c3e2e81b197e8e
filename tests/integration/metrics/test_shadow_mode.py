"""Sampling in the running command: what clients get, what is counted, and what a limit does."""

from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

from llm_cache_proxy.cli.admin.commands import admin
from llm_cache_proxy.domain.requests.shadow_rules import LEAST_SAMPLES
from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Pause, answer
from servers.waiting import eventually

PROMPT = "How do I boil an egg?"
PARAPHRASE = "How can I boil an egg?"
READ_ONLY = {"x-cache-mode": "read-only"}


def ask(proxy: ProxyProcess, text: str, **headers: str) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return httpx.post(f"{proxy.base_url}/chat/completions", json=body, headers=headers, timeout=30)


def says(text: str) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def shadow(proxy: ProxyProcess) -> dict[str, Any]:
    answer = httpx.get(f"{proxy.url}/metrics", timeout=30).json()
    found: dict[str, Any] = answer["semantic_accuracy"]["shadow"]
    return found


def test_wrong_samples_raise_the_threshold_and_an_operator_takes_it_back(tmp_path: Path) -> None:
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            tmp_path / "d", UPSTREAM_BASE_URL=upstream.base_url, SHADOW_RATE="1"
        ) as proxy,
    ):
        upstream.when(answer(says("Boil it for eight minutes.")), prompt=PROMPT)
        upstream.when(answer(says("Ships sail by night.")), prompt=PARAPHRASE)
        first = ask(proxy, PROMPT)
        for _ in range(LEAST_SAMPLES):
            hit = ask(proxy, PARAPHRASE, **READ_ONLY)
            assert (hit.headers["x-cache"], hit.content) == ("HIT-SEMANTIC", first.content)
        eventually(lambda: shadow(proxy)["thresholds_raised"] > 0)

        found = shadow(proxy)
        raised = httpx.get(f"{proxy.url}/metrics", timeout=30).json()["tenants"]["default"]
        restored = CliRunner().invoke(admin, ["restore-threshold", "--url", proxy.url])
        again = CliRunner().invoke(admin, ["restore-threshold", "--url", proxy.url])

    assert found["wrong"] == found["samples"] >= LEAST_SAMPLES
    assert found["wrong_share_ci"][0] > 0.8
    assert raised["raised_threshold"] == 0.92
    assert "was 0.92" in restored.output
    assert "had not been raised" in again.output


def test_a_sample_that_is_under_way_is_finished_before_the_server_ends(tmp_path: Path) -> None:
    given = {"SHADOW_RATE": "1"}
    with ScriptedUpstream().in_thread() as upstream:
        given["UPSTREAM_BASE_URL"] = upstream.base_url
        with proxy_process(tmp_path / "d", **given) as proxy:
            ask(proxy, PROMPT)
            upstream.when([Pause(1.0), *answer(says("Ships sail by night."))], prompt=PARAPHRASE)

            assert ask(proxy, PARAPHRASE, **READ_ONLY).headers["x-cache"] == "HIT-SEMANTIC"
            eventually(lambda: len(upstream.requests) == 2)
        with proxy_process(tmp_path / "d", **given) as proxy:
            assert shadow(proxy)["samples"] == 1


def test_nothing_is_sampled_unless_it_is_requested(tmp_path: Path) -> None:
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(tmp_path / "d", UPSTREAM_BASE_URL=upstream.base_url) as proxy,
    ):
        ask(proxy, PROMPT)
        assert ask(proxy, PARAPHRASE).headers["x-cache"] == "HIT-SEMANTIC"

    assert len(upstream.requests) == 1
