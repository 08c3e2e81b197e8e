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

pytestmark = pytest.mark.timeout(1200)


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


def test_the_database_that_is_written_to_is_looked_at_whatever_else_is_named(
    upstash: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """UPSTASH_REDIS_URL may be left from another day; suites write by the REST API."""
    client = redis.Redis.from_url(upstash["UPSTASH_REDIS_URL"])
    client.set("mine", "kept")

    with redis_process() as another:
        status = main({**upstash, "UPSTASH_REDIS_URL": another})

    assert status == 2
    assert "UPSTASH_REDIS_REST_URL: the database holds 1 keys" in capsys.readouterr().err
    assert client.get("mine") == b"kept"


def test_a_token_is_a_password_whatever_its_characters(capsys: pytest.CaptureFixture[str]) -> None:
    """No Redis listens with TLS where the gateway is: that much is said, and no token."""
    token = "hid/den@1:2#?"
    with redis_process() as url, rest_gateway(url, token) as port:
        status = main(
            {
                **os.environ,
                "UPSTASH_REDIS_REST_URL": f"http://127.0.0.1:{port}",
                "UPSTASH_REDIS_REST_TOKEN": token,
                "UPSTASH_REDIS_URL": "",
            }
        )

    shown = capsys.readouterr().err
    assert status == 2
    assert "127.0.0.1:6379" in shown
    assert "hid" not in shown


def test_a_redis_url_that_is_none_is_refused_without_its_password(
    upstash: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main({**upstash, "UPSTASH_REDIS_URL": "rediss://default:hid/den@127.0.0.1:6379"})

    shown = capsys.readouterr().err
    assert status == 2
    assert "it is no Redis URL" in shown
    assert "hid" not in shown


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


@pytest.mark.parametrize("name", ["UPSTASH_REDIS_REST_TOKEN", "QDRANT_API_KEY"])
def test_a_secret_that_no_header_carries_is_refused_by_name_and_not_shown(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main({"QDRANT_URL": "http://127.0.0.1:9", name: "tok-se\ncret"})

    shown = capsys.readouterr()
    assert status == 2
    assert shown.err == f"{name}: expected one line of ASCII without spaces\n"
    assert shown.out == ""


@pytest.mark.parametrize("name", ["UPSTASH_REDIS_REST_URL", "QDRANT_URL"])
@pytest.mark.parametrize("url", ["https://default:hunter2@h.example", "https://h.example:port"])
def test_an_address_with_a_password_in_it_or_that_is_none_is_refused_and_not_shown(
    name: str, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main({name: url})

    shown = capsys.readouterr()
    assert status == 2
    assert shown.err == f"{name}: expected a URL without a user's name or password\n"
    assert shown.out == ""
