"""`make check-cloud` on stand-ins of both services: all pass, and nothing is left behind."""

import os
from collections.abc import Iterator

import httpx
import pytest
import redis
from infra.check_cloud import main

from servers.qdrant.rest_server import QdrantRest
from servers.redis.process import redis_process
from servers.redis.rest_gateway import rest_gateway
from servers.thread import ThreadServer

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def upstash() -> Iterator[dict[str, str]]:
    with redis_process() as redis_url, rest_gateway(redis_url, "word") as port:
        yield {
            **os.environ,
            "UPSTASH_REDIS_REST_URL": f"http://127.0.0.1:{port}",
            "UPSTASH_REDIS_REST_TOKEN": "word",
            "UPSTASH_REDIS_URL": redis_url,
        }


def test_the_suites_run_on_both_and_leave_nothing(upstash: dict[str, str]) -> None:
    qdrant = QdrantRest(api_key="key")
    server = ThreadServer(qdrant)
    server.start()
    try:
        status = main({**upstash, "QDRANT_URL": server.url, "QDRANT_API_KEY": "key"})
        listed = httpx.get(
            f"{server.url}/collections", headers={"api-key": "key"}, timeout=30
        ).json()
    finally:
        server.stop()

    made = {asked.split()[1] for asked in qdrant.asked if asked.startswith("PUT /collections/")}
    assert status == 0
    assert made
    assert listed["result"]["collections"] == []
    assert redis.Redis.from_url(upstash["UPSTASH_REDIS_URL"]).dbsize() == 0


def test_a_database_that_holds_anything_is_left_alone(
    upstash: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    client = redis.Redis.from_url(upstash["UPSTASH_REDIS_URL"])
    client.set("mine", "kept")

    status = main(upstash)

    assert status == 2
    assert "holds 1 keys" in capsys.readouterr().err
    assert client.get("mine") == b"kept"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"UPSTASH_REDIS_REST_TOKEN": "other"}, "the key is refused (401)"),
        ({"UPSTASH_REDIS_REST_URL": "http://127.0.0.1:9"}, "it cannot be reached"),
        ({"QDRANT_URL": "http://127.0.0.1:9"}, "it cannot be reached"),
    ],
)
def test_a_service_that_refuses_is_named_before_any_suite_runs(
    upstash: dict[str, str],
    wrong: dict[str, str],
    told: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    status = main({**upstash, **wrong})

    shown = capfd.readouterr()
    assert (status, shown.out) == (2, "")
    assert told in shown.err
    assert "other" not in shown.err


def test_without_a_service_there_is_nothing_to_run() -> None:
    assert main({}) == 2
