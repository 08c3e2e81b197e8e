"""The `verified` preset in the running command, a scripted model of the upstream the verifier."""

from pathlib import Path
from threading import Event

import httpx
import pytest

from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Recorded, Script, Until, answer
from servers.waiting import eventually

PROMPT = "What is the capital of France?"
SAME = "Which city is the capital of France?"
OTHER = "What is the capital city of Germany?"
MODEL = "small-judge"
UNSTORED = {"cache-control": "no-store"}


def ask(proxy: ProxyProcess, text: str, **headers: str) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return httpx.post(f"{proxy.base_url}/chat/completions", json=body, headers=headers, timeout=30)


def reason(answer: httpx.Response) -> str:
    return answer.headers["x-cache-reason"]


def judge(request: Recorded) -> Script:
    """Says yes to the pair whose texts both speak of France."""
    word = "no" if b"Germany" in request.body else "yes"
    message = {"role": "assistant", "content": word}
    usage = {"prompt_tokens": 90, "completion_tokens": 1, "total_tokens": 91}
    return answer({"choices": [{"index": 0, "message": message}], "usage": usage})


@pytest.fixture
def settings() -> dict[str, str]:
    return {"SEMANTIC_PRESET": "verified", "VERIFIER_MODEL": MODEL, "SIMILARITY_THRESHOLD": "0.6"}


def test_only_pairs_that_the_model_approves_are_served(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(tmp_path / "d", UPSTREAM_BASE_URL=upstream.base_url, **settings) as proxy,
    ):
        upstream.when(judge, model=MODEL)
        first = ask(proxy, PROMPT)
        ask(proxy, SAME, **UNSTORED)
        ask(proxy, OTHER, **UNSTORED)
        eventually(lambda: ask(proxy, SAME, **UNSTORED).headers["x-cache"] != "MISS")
        eventually(lambda: reason(ask(proxy, OTHER, **UNSTORED)) != "unverified")

        same, other = ask(proxy, SAME, **UNSTORED), ask(proxy, OTHER, **UNSTORED)
        answer = httpx.get(f"{proxy.url}/metrics", timeout=30).json()

    assert (same.headers["x-cache"], reason(same)) == ("HIT-SEMANTIC", "verified")
    assert same.content == first.content
    assert (other.headers["x-cache"], reason(other)) == ("MISS", "verifier")
    assert len(judgements(upstream)) == 2
    assert answer["token_usage"]["prompt_tokens_used"] > 2 * 90


def test_a_slow_verifier_costs_a_grey_miss_no_time(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    with (
        ScriptedUpstream().in_thread() as upstream,
        proxy_process(
            tmp_path / "d",
            UPSTREAM_BASE_URL=upstream.base_url,
            VERIFIER_DEADLINE_SECONDS="60",
            **settings,
        ) as proxy,
    ):
        let_go = Event()
        upstream.when(lambda request: [Until(let_go), *judge(request)], model=MODEL)
        ask(proxy, PROMPT)

        missed = ask(proxy, OTHER, **UNSTORED)

        eventually(lambda: len(judgements(upstream)) == 1)
        [asked] = judgements(upstream)
        assert not asked.answered.is_set()  # the client was not kept waiting for it
        proxy.process.terminate()
        let_go.set()
    assert (missed.headers["x-cache"], reason(missed)) == ("MISS", "unverified")
    assert asked.answered.is_set()  # nor was it lost when the server had to stop


def judgements(upstream: ScriptedUpstream) -> list[Recorded]:
    return [request for request in upstream.requests if request.fields.get("model") == MODEL]
