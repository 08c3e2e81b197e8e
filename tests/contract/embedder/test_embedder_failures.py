"""Embedding services that are away, slow, or answer rubbish: always one error, and in time."""

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fakes.embedder import FakeEmbedder
from llm_cache_proxy.adapters.embedder.http import HttpEmbedder
from llm_cache_proxy.adapters.embedder.lambda_function import LambdaEmbedder
from llm_cache_proxy.api.embedding.app import embedding_app
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.ports.embedder import Embedder
from samples.embedding.embedders import invoking
from servers.asgi import serving
from servers.embedding_services import invoke_api

UNIT = [1.0] + [0.0] * 383
RUBBISH = {
    "no JSON": b"<html>",
    "no object": b"[1]",
    "no vector": b"{}",
    "an error for an answer": b'{"error": {"message": "no"}}',
    "too short": json.dumps({"embedding": UNIT[:383]}).encode(),
    "too long": json.dumps({"embedding": [*UNIT, 0.0]}).encode(),
    "NaN": json.dumps({"embedding": [float("nan"), *UNIT[1:]]}).encode(),
    "infinity": json.dumps({"embedding": [float("inf"), *UNIT[1:]]}).encode(),
    "a number beyond floats": json.dumps({"embedding": [10**400, *UNIT[1:]]}).encode(),
    "nothing but zeros": json.dumps({"embedding": [0.0] * 384}).encode(),
    "text for numbers": json.dumps({"embedding": ["1.0", *UNIT[1:]]}).encode(),
    "truth for numbers": json.dumps({"embedding": [True, *UNIT[1:]]}).encode(),
    "cut short": b'{"embedding": [0.1, 0.2',
    "bytes that are no text": b"\xff\xfe\x00",
    "nested beyond reason": b"[" * 100_000,
}


def answering(content: bytes, status: int = 200) -> Starlette:
    async def answer(_: Request) -> Response:
        return Response(content, status)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])


def http(url: str, embedder_id: str = "http:test", timeout_seconds: float = 5) -> HttpEmbedder:
    return HttpEmbedder(url, embedder_id=embedder_id, timeout_seconds=timeout_seconds)


async def refusal_of(embedder: Embedder, texts: list[str] | None = None) -> str:
    """What the embedder says when it gives no vector."""
    try:
        with pytest.raises(EmbedderUnavailable) as caught:
            await embedder.embed(texts or ["text"])
        return str(caught.value)
    finally:
        await embedder.aclose()


@pytest.mark.parametrize("kind", RUBBISH)
async def test_rubbish_over_http_is_an_unavailable_embedder(kind: str) -> None:
    async with serving(answering(RUBBISH[kind])) as url:
        await refusal_of(http(url))


@pytest.mark.parametrize("status", [201, 301, 400, 404, 429, 500, 503])
async def test_any_status_but_200_is_an_unavailable_embedder(status: int) -> None:
    good = json.dumps({"embedding": UNIT}).encode()

    async with serving(answering(good, status)) as url:
        assert str(status) in await refusal_of(http(url))


async def test_a_vector_of_another_length_is_brought_to_unit_length() -> None:
    async with serving(answering(json.dumps({"embedding": [3, 4] + [0] * 382}).encode())) as url:
        embedder = http(url)

        (found,) = await embedder.embed(["text"])
        await embedder.aclose()

    assert list(found.vector[:3]) == [0.6, 0.8, 0.0]


async def test_no_server_at_the_address_is_an_unavailable_embedder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert "cannot be reached" in await refusal_of(http(f"http://127.0.0.1:{port}"))
    assert "cannot be reached" in await refusal_of(http("http://[broken"))


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def listening(serve: Serve) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except OSError:
            pass  # the client left, as it should
        finally:
            writer.close()

    return await asyncio.start_server(connected, "127.0.0.1", 0)


async def nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(65_536):
        pass  # until the client leaves


async def drops(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("serve", [nothing, drops])
async def test_a_service_that_never_ends_its_answer_is_left_in_time(
    serve: Serve,
) -> None:
    async with await listening(serve) as server:
        port = server.sockets[0].getsockname()[1]
        started = time.monotonic()

        said = await refusal_of(http(f"http://127.0.0.1:{port}", timeout_seconds=0.3))

        assert "within 0.3 s" in said
        assert time.monotonic() - started < 20


async def test_an_answer_without_end_is_not_read_on() -> None:
    async with serving(answering(b" " * 9_000_000)) as url:
        assert "does not end" in await refusal_of(http(url))


async def test_a_service_with_another_model_is_refused_where_the_model_is_configured() -> None:
    async with serving(embedding_app(FakeEmbedder())) as url:
        said = await refusal_of(http(url, "minilm-l6-v2/onnx-fp32"))
        several = await refusal_of(http(url, "minilm-l6-v2/onnx-fp32"), ["a", "b"])

    assert "'fake', not minilm-l6-v2/onnx-fp32" in said
    assert said == several


async def test_too_few_vectors_for_the_texts_are_refused() -> None:
    content = json.dumps({"embeddings": [{"embedding": UNIT}]}).encode()

    async with serving(answering(content)) as url:
        await refusal_of(http(url), ["a", "b"])


@pytest.mark.parametrize("kind", RUBBISH)
async def test_rubbish_from_the_function_is_an_unavailable_embedder(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(answering(RUBBISH[kind])) as url:
        await refusal_of(invoking(url, monkeypatch))


async def test_a_function_that_raises_is_an_unavailable_embedder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_event: object, _context: object) -> object:
        raise RuntimeError("out of order")

    async with serving(invoke_api("embed", broken)) as url:
        said = await refusal_of(invoking(url, monkeypatch))

    assert "Unhandled" in said
    assert "out of order" in said


async def test_a_function_that_does_not_exist_is_an_unavailable_embedder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(invoke_api("another", lambda _event, _context: {})) as url:
        assert "cannot be invoked" in await refusal_of(invoking(url, monkeypatch))


async def test_a_throttled_function_is_called_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def throttle(_: Request) -> Response:
        asked.append(1)
        return Response(b'{"Reason": "ConcurrentInvocationLimitExceeded"}', 429)

    app = Starlette(routes=[Route("/{path:path}", throttle, methods=["POST"])])
    async with serving(app) as url:
        await refusal_of(invoking(url, monkeypatch))

    assert asked == [1]


async def test_a_slow_function_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with await listening(nothing) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        # The client is there already: making one takes longer than this test's patience.
        embedder = invoking(url, monkeypatch, timeout_seconds=0.3)
        await asyncio.to_thread(warmed, embedder)
        started = time.monotonic()

        await refusal_of(embedder)

        assert time.monotonic() - started < 20


def warmed(embedder: LambdaEmbedder) -> None:
    embedder._client = embedder._client_factory(embedder._timeout_seconds)
