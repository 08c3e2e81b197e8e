"""Requests that nobody should send, through the whole app: it stands.

Twenty thousand in every run, a hundred thousand by `make fuzz`.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from starlette.types import ASGIApp, Message

from fakes.embedder import FakeEmbedder
from fakes.exact import MemoryExact
from fakes.vectors import FakeVectors
from fuzz.mutations import Sent, mutated
from llm_cache_proxy.adapters.upstream.demo.upstream import DemoUpstream
from llm_cache_proxy.bootstrap.local.app import local_app
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.settings import Settings
from samples.extent import extent

ROUNDS = 8
REQUESTS_A_ROUND = extent(2_500, 12_500)
ALLOWED_5XX = {"not_in_cache"}  # `only-if-cached` was asked for, and nothing was


async def at_once(_: float) -> None:
    """No wait."""


@pytest.fixture
async def app() -> AsyncIterator[ASGIApp]:
    parts = Parts(
        exact=MemoryExact(),
        vectors=FakeVectors(),
        embedder=FakeEmbedder(),
        upstream=DemoUpstream(sleep=at_once),
        described={},
    )
    yield local_app(Settings.model_validate({"max_body_bytes": 20_000}), parts)
    await parts.aclose()


@dataclass
class Received:
    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False


async def answered(app: ASGIApp, sent: Sent) -> Received:
    """One request straight into the app, as a server would hand it over."""
    received = Received()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": sent.path,
        "raw_path": sent.path.encode(),
        "query_string": sent.query,
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1"), *sent.headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    answer = iter([{"type": "http.request", "body": sent.body, "more_body": False}])

    async def receive() -> Message:
        for message in answer:
            return message
        await asyncio.Event().wait()  # the client stays till the end
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            received.status = message["status"]
            received.headers = dict(message["headers"])
        elif message["type"] == "http.response.body":
            received.body += message.get("body", b"")
            received.ended = not message.get("more_body", False)

    await app(scope, receive, send)
    return received


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_no_request_makes_the_app_fail_or_reveal_its_insides(seed: int, app: ASGIApp) -> None:
    rng = random.Random(seed)  # noqa: S311 - chance that can be repeated, not a secret

    for number in range(REQUESTS_A_ROUND):
        sent = mutated(rng)
        received = await answered(app, sent)

        problem = wrong_with(sent, received)
        assert problem is None, f"request {number} of seed {seed}: {problem}\n{sent}\n{received}"


def wrong_with(sent: Sent, received: Received) -> str | None:
    """What must not be in an answer."""
    if not received.ended:
        return "the answer does not end"
    if received.status < 400 or sent.method == "HEAD":
        return None
    if b"Traceback" in received.body or b'File "/' in received.body:
        return "an exception's text"
    return wrong_with_error(received)


def wrong_with_error(received: Received) -> str | None:
    """What must not be in an answer that is an error."""
    try:
        error = json.loads(received.body)["error"]
    except (ValueError, KeyError, TypeError):
        return "an error that is not in OpenAI's shape"
    if set(error) != {"message", "type", "param", "code"} or not error["message"]:
        return "an error that is not whole"
    if received.status >= 500 and error["code"] not in ALLOWED_5XX:
        return "a failure of ours"
    return None
