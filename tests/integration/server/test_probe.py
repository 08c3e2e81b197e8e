"""The safety probes against real servers: our proxy, no cache at all, and a careless one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_cache_proxy.cli.main import commands
from llm_cache_proxy.domain.guard.rules import RULES
from llm_cache_proxy.domain.probing.pairs import PAIRS
from servers.proxy.process import proxy_process
from servers.thread import ThreadServer
from servers.upstream.models import careless_cache, plain_model

CARELESS_SHARES = {
    "meaning:polarity",
    "meaning:suffix",
    "truncation",
    "history",
    "field:temperature",
    "field:tools",
    "field:response_format",
    "field:seed",
    "image",
    "cut-answer",
    "error",
    "stream-mix",
    "tenants",
}


@pytest.fixture
def model() -> Iterator[ThreadServer]:
    yield from served(plain_model())


@pytest.fixture
def careless() -> Iterator[ThreadServer]:
    yield from served(careless_cache())


def served(app: ASGIApp) -> Iterator[ThreadServer]:
    server = ThreadServer(app)
    server.start()
    yield server
    server.stop()


def probed(base_url: str, *options: str) -> Result:
    return CliRunner().invoke(commands, ["probe", base_url, "--model", "m", *options])


def risks(result: Result) -> dict[str, str]:
    return {row["probe"]: row["risk"] for row in json.loads(result.stdout)}


def test_our_proxy_caches_and_is_found_safe_in_every_probe(
    tmp_path: Path, model: ThreadServer
) -> None:
    with proxy_process(tmp_path / "data", UPSTREAM_BASE_URL=f"{model.url}/v1") as proxy:
        result = probed(proxy.base_url, "--json")

    rows = {row["probe"]: row for row in json.loads(result.stdout)}
    assert result.exit_code == 0
    assert rows["repeat"]["detail"] == "a repeat comes from the cache"
    assert rows["paraphrase"]["detail"] == "a paraphrase is answered from the cache"
    assert {row["risk"] for row in rows.values()} == {"safe", "noted"}


def test_every_kind_of_difference_is_found_where_similarity_alone_decides(
    tmp_path: Path, model: ThreadServer
) -> None:
    rules_off = ",".join(rule.name for rule in RULES)
    with proxy_process(
        tmp_path / "data", UPSTREAM_BASE_URL=f"{model.url}/v1", GUARD_RULES_OFF=rules_off
    ) as proxy:
        result = probed(proxy.base_url, "--json", *(f"--only=meaning:{name}" for name, *_ in PAIRS))

    assert {name for name, risk in risks(result).items() if risk != "unsafe"} == set()


def test_a_model_without_a_cache_is_safe_and_wasteful(model: ThreadServer) -> None:
    result = probed(f"{model.url}/v1", "--json")

    assert result.exit_code == 0
    assert risks(result)["spelling"] == "wasteful"
    assert "unsafe" not in risks(result).values()


def test_a_careless_cache_is_found_out(careless: ThreadServer) -> None:
    result = probed(f"{careless.url}/v1", "--json", "--other-key", "another")

    assert result.exit_code == 1
    assert {name for name, risk in risks(result).items() if risk == "unsafe"} >= CARELESS_SHARES


def test_the_report_for_people_says_what_was_left_out(model: ThreadServer) -> None:
    result = probed(f"{model.url}/v1", "--only", "repeat")

    assert "a repeat comes anew" in result.stdout
    assert "Not probed: tenants" in result.stdout


def test_an_unknown_probe_is_refused_with_the_known_ones(model: ThreadServer) -> None:
    result = probed(f"{model.url}/v1", "--only", "spelling-bee")

    assert result.exit_code == 2
    assert "truncation" in result.output


def test_a_server_that_does_not_answer_is_reported() -> None:
    result = probed("http://127.0.0.1:9/v1", "--only", "repeat")

    assert result.exit_code == 3
    assert "No server answers" in result.output


def test_a_server_that_refuses_every_request_cannot_be_probed() -> None:
    async def refusing(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 401, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"error": {"message": "no"}}'})

    for server in served(refusing):
        done = probed(f"{server.url}/v1")

    assert done.exit_code == 2
    assert "Nothing could be probed" in done.stderr
    assert "meant?" not in done.stderr


def test_an_address_without_v1_is_told_the_one_that_is_meant(tmp_path: Path) -> None:
    with proxy_process(tmp_path / "data") as proxy:
        done = probed(proxy.url, "--only", "truncation")

    assert done.exit_code == 2
    assert f"Is {proxy.url}/v1 meant?" in done.stderr
