"""What comes of an upstream that fails, on real sockets."""

import asyncio
import contextlib
import gzip
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.errors import (
    NotFound,
    UpstreamError,
    UpstreamTimedOut,
    UpstreamUnreachable,
)
from llm_cache_proxy.domain.upstreams.config import Timeouts, UpstreamConfig
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.calls import chat_call, get, post, whole
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import (
    Close,
    Cut,
    Pause,
    Script,
    Send,
    Stall,
    answer,
    cut_after,
    head,
    sse,
    stream,
)

QUICK = Timeouts(
    connect_seconds=30.0,
    first_byte_seconds=0.3,
    idle_seconds=0.3,
    total_seconds=0.5,
    models_seconds=0.3,
)
"""For an upstream that falls silent."""
PATIENT = Timeouts(connect_seconds=30.0, pool_seconds=30.0, models_seconds=30.0)
"""For one that answers, as soon as a busy machine lets it."""
EVENTS = sse(chat_chunks("one two three"))
SILENT: Script = [Stall()]


def upstream_at(base_url: str, timeouts: Timeouts = PATIENT) -> OpenAIUpstream:
    config = UpstreamConfig("up", base_url, api_key="sk-up", timeouts=timeouts)
    return OpenAIUpstream(config, environment=False)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as running:
        yield running


@pytest.fixture
async def upstream(server: ScriptedUpstream) -> AsyncIterator[OpenAIUpstream]:
    made = upstream_at(server.base_url)
    yield made
    await made.aclose()


@pytest.fixture
async def impatient(server: ScriptedUpstream) -> AsyncIterator[OpenAIUpstream]:
    made = upstream_at(server.base_url, QUICK)
    yield made
    await made.aclose()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something that another task brings about is so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 (the other side is a server's state, not an event)
            await asyncio.sleep(0.005)


async def failed(upstream: OpenAIUpstream, *, streaming: bool = False) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await whole(await upstream.send(chat_call(streaming=streaming)))
    assert caught.value.upstream == "up"
    assert "127.0.0.1" not in caught.value.message
    return caught.value


async def test_a_refused_connection_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    upstream = upstream_at(f"http://127.0.0.1:{port}/v1")

    assert type(await failed(upstream)) is UpstreamUnreachable
    await upstream.aclose()


async def test_a_connection_that_is_not_taken_up_is_unreachable() -> None:
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # with its queue full, the kernel drops who knocks
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        quick = replace(PATIENT, connect_seconds=0.3)
        upstream = upstream_at(f"http://127.0.0.1:{full.getsockname()[1]}/v1", quick)

        error = await failed(upstream)

        assert type(error) is UpstreamUnreachable
        assert "in time" in error.message
        await upstream.aclose()


async def test_a_request_that_is_not_read_is_timed_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        quick = replace(PATIENT, write_seconds=0.3)
        upstream = upstream_at(f"http://127.0.0.1:{deaf.getsockname()[1]}/v1", quick)

        with pytest.raises(UpstreamTimedOut):
            await upstream.send(chat_call(prompt="x" * 30_000_000))

        await upstream.aclose()


async def test_a_path_that_is_no_address_cannot_be_asked(upstream: OpenAIUpstream) -> None:
    with pytest.raises(UpstreamError, match="cannot be sent"):
        await upstream.send(get("/a\x00b"))


async def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    upstream = upstream_at("http://nowhere.invalid/v1")

    assert type(await failed(upstream)) is UpstreamUnreachable
    await upstream.aclose()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([Cut()], id="reset before a byte"),
        pytest.param([Close()], id="closed before a byte"),
        pytest.param([Send(b"HTTP/1.1 200 OK\r\ncontent-"), Close()], id="cut in the headers"),
        pytest.param([Send(b"\x16\x03\x01 rubbish\r\n\r\n"), Close()], id="garbage status line"),
        pytest.param([head(200, {"x-long": "x" * 200_000})], id="huge headers"),
        pytest.param(cut_after(answer(chat("hello")), 150), id="reset in the JSON"),
        pytest.param([*answer(chat("x"))[:1], Send(b'{"id":'), Close()], id="shorter than sized"),
        pytest.param(stream([EVENTS[:40]], end=[Close()]), id="closed in a chunked answer"),
        pytest.param(stream([EVENTS[:40]], end=[Send(b"zz\r\n"), Close()]), id="bad chunk"),
    ],
)
async def test_a_broken_answer_is_unreachable_and_leaves_no_connection(
    server: ScriptedUpstream, upstream: OpenAIUpstream, script: Script
) -> None:
    server.queue(script)

    error = await failed(upstream)

    assert isinstance(error, UpstreamUnreachable)
    await eventually(lambda: server.open_connections == 0)
    assert (await upstream.send(chat_call())).status == 200


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(SILENT, id="never answers"),
        pytest.param([Pause(60), *answer(chat("late"))], id="answers late"),
        pytest.param([Send(b"HTTP/1.1 200 OK\r\n"), Stall()], id="stalls in the headers"),
        pytest.param(stream([], end=[Stall()]), id="stalls before the first byte"),
        pytest.param(stream([EVENTS[:40]], end=[Stall()]), id="stalls after it"),
    ],
)
async def test_silence_is_timed_out_and_the_call_given_up(
    server: ScriptedUpstream, impatient: OpenAIUpstream, script: Script, streaming: bool
) -> None:
    server.queue(script)

    started = asyncio.get_running_loop().time()
    error = await failed(impatient, streaming=streaming)

    assert isinstance(error, UpstreamTimedOut)
    assert asyncio.get_running_loop().time() - started < 20
    await eventually(server.requests[0].left.is_set)


async def test_a_whole_answer_is_timed_out_though_it_never_falls_silent(
    server: ScriptedUpstream, impatient: OpenAIUpstream
) -> None:
    server.queue(stream([b" "] * 100, pause_seconds=0.05))

    assert isinstance(await failed(impatient), UpstreamTimedOut)


async def test_a_stream_may_take_longer_than_a_whole_answer(server: ScriptedUpstream) -> None:
    server.queue(stream([b": still here\n\n"] * 15 + [EVENTS], pause_seconds=0.05))
    upstream = upstream_at(server.base_url, replace(PATIENT, total_seconds=0.5))

    reply = await upstream.send(chat_call(streaming=True))

    assert (await whole(reply)).endswith(b"data: [DONE]\n\n")
    await upstream.aclose()


async def test_what_came_before_a_cut_is_handed_on(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(stream([EVENTS[:100]], end=[Pause(0.05), Cut()]))
    reply = await upstream.send(chat_call(streaming=True))

    got = await anext(reply.body)
    with pytest.raises(UpstreamUnreachable):
        await anext(reply.body)

    assert got == EVENTS[:100]


async def test_a_stream_is_handed_on_as_it_arrives(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(stream([b"data: 1\n\n"], end=[Stall()]))

    reply = await upstream.send(chat_call(streaming=True))

    assert await anext(reply.body) == b"data: 1\n\n"
    await reply.body.aclose()


async def test_one_byte_chunks_add_up(server: ScriptedUpstream, upstream: OpenAIUpstream) -> None:
    text = sse(chat_chunks("Grüße 𝄞"))
    server.queue(stream([text[i : i + 1] for i in range(len(text))]))

    assert await whole(await upstream.send(chat_call(streaming=True))) == text


@pytest.mark.parametrize("status", [400, 401, 404, 413, 429, 500, 503])
async def test_an_error_status_is_passed_with_body_and_wait(
    server: ScriptedUpstream, upstream: OpenAIUpstream, status: int
) -> None:
    body = {"error": {"message": "No.", "type": "t", "param": None, "code": "c"}}
    server.queue(answer(body, status, {"Retry-After": "7", "X-RateLimit-Limit-Tokens": "9"}))

    reply = await upstream.send(chat_call())

    assert reply.status == status
    assert json.loads(await whole(reply)) == body
    assert reply.headers["retry-after"] == "7"
    assert reply.headers["x-upstream-ratelimit-limit-tokens"] == "9"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_refused_and_not_followed(
    server: ScriptedUpstream, upstream: OpenAIUpstream, status: int
) -> None:
    server.queue(answer(b"", status, {"location": f"{server.base_url}/elsewhere"}))

    error = await failed(upstream)

    assert "redirects" in error.message
    assert len(server.requests) == 1


async def test_an_encoding_that_cannot_be_decoded_passes_with_its_name(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(answer(b"\x8b\x00", headers={"content-encoding": "br"}))

    reply = await upstream.send(chat_call())

    assert (await whole(reply), reply.headers["content-encoding"]) == (b"\x8b\x00", "br")


async def test_a_body_that_is_not_encoded_as_it_says_is_unreachable(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(answer(b"not gzip", headers={"content-encoding": "gzip"}))

    assert isinstance(await failed(upstream), UpstreamUnreachable)


async def test_an_answer_without_a_body_is_an_answer(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue([head(204)])

    reply = await upstream.send(chat_call())

    assert (reply.status, await whole(reply)) == (204, b"")


async def test_an_answer_that_ends_with_its_connection_is_whole(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue([head(200, {"content-type": "application/json"}), Send(b"{}"), Close()])

    assert await whole(await upstream.send(chat_call())) == b"{}"


async def test_closing_a_stream_cancels_it_at_the_upstream(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(stream([EVENTS[:40]], end=[Stall()]))
    reply = await upstream.send(chat_call(streaming=True))
    assert await anext(reply.body)

    await reply.body.aclose()

    await eventually(server.requests[0].left.is_set)
    await eventually(lambda: server.open_connections == 0)


@pytest.mark.parametrize("script", [SILENT, stream([], end=[Stall()])])
async def test_a_cancelled_call_is_given_up_at_the_upstream(
    server: ScriptedUpstream, upstream: OpenAIUpstream, script: Script
) -> None:
    server.queue(script)
    call = asyncio.create_task(upstream.send(chat_call(streaming=True)))
    await eventually(lambda: len(server.requests) == 1)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await eventually(server.requests[0].left.is_set)


async def test_a_reader_that_is_cancelled_gives_the_stream_up(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(stream([EVENTS[:40]], end=[Stall()]))
    reply = await upstream.send(chat_call(streaming=True))
    reader = asyncio.create_task(whole(reply))
    await asyncio.sleep(0.05)

    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader

    await eventually(server.requests[0].left.is_set)


async def test_connections_are_used_again(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    for streaming in (False, True) * 5:
        await whole(await upstream.send(chat_call(streaming=streaming)))

    assert (len(server.requests), server.connections) == (10, 1)


async def test_half_read_streams_leave_no_connections(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.when(stream([EVENTS], end=[Stall()]))
    replies = await asyncio.gather(*(upstream.send(chat_call(streaming=True)) for _ in range(50)))
    assert server.open_connections == 50

    await asyncio.gather(*(reply.body.aclose() for reply in replies))

    await eventually(lambda: server.open_connections == 0)


async def test_closing_the_upstream_closes_its_connections(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    await whole(await upstream.send(chat_call()))
    assert server.open_connections == 1

    await upstream.aclose()

    await eventually(lambda: server.open_connections == 0)


async def test_the_request_goes_out_as_it_came_with_the_upstreams_key(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    body = {"model": "scripted-model", "input": "é", "seed": 12345678901234567890, "new": {"a": []}}
    client = {"authorization": "Bearer client", "cookie": "a=b", "x-cache-mode": "exact"}
    call = post("/responses", body, model="scripted-model", headers=client)

    await whole(await upstream.send(call))

    (got,) = server.requests
    assert (got.method, got.path, got.body) == ("POST", "/v1/responses", call.body)
    assert got.headers["authorization"] == "Bearer sk-up"
    assert got.headers["user-agent"] == "llm-cache-proxy"
    assert set(got.headers) == {
        "host",
        "accept",
        "accept-encoding",
        "authorization",
        "content-type",
        "content-length",
        "user-agent",
    }


async def test_the_query_is_passed(server: ScriptedUpstream, upstream: OpenAIUpstream) -> None:
    await whole(await upstream.send(get("/files", "after=a%2Fb&limit=2")))

    assert (server.requests[0].path, server.requests[0].query) == (
        "/v1/files",
        "after=a%2Fb&limit=2",
    )


@pytest.mark.parametrize(
    "path", ["/../admin", "/files/../../x", "/%2e%2e/x", "/a/..%2f..%2fx", "/a\\..\\x", "@evil/"]
)
async def test_a_path_cannot_leave_the_base_url(
    server: ScriptedUpstream, upstream: OpenAIUpstream, path: str
) -> None:
    with pytest.raises(NotFound):
        await upstream.send(get(path))

    assert server.requests == []


async def test_a_cookie_does_not_come_back(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(answer({}, headers={"set-cookie": "session=1; Path=/"}))
    first = await upstream.send(chat_call())
    await whole(first)

    await whole(await upstream.send(chat_call()))

    assert "set-cookie" not in first.headers
    assert "cookie" not in server.requests[1].headers


async def test_a_gzip_answer_is_relayed_decoded(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    body = json.dumps(chat("hello")).encode()
    server.queue(answer(gzip.compress(body), headers={"content-encoding": "gzip"}))

    reply = await upstream.send(chat_call())

    assert await whole(reply) == body
    assert "content-encoding" not in reply.headers


@pytest.mark.parametrize(
    "script",
    [
        SILENT,
        answer({"error": {}}, 500),
        answer(b"<html>"),
        answer({"data": [{"name": "no id"}]}),
        answer([]),
        [Cut()],
    ],
)
async def test_models_without_a_list_are_the_configured_ones(
    server: ScriptedUpstream, script: Script
) -> None:
    server.queue(script)
    config = UpstreamConfig(
        "up", server.base_url, models=("m-1", "m-*"), aliases={"fast": "m-1"}, timeouts=QUICK
    )
    upstream = OpenAIUpstream(config, environment=False)

    models = await upstream.models()

    assert [model["id"] for model in models] == ["fast", "m-1"]
    await upstream.aclose()


async def test_listed_models_are_those_that_are_served_and_the_aliases(
    server: ScriptedUpstream,
) -> None:
    listed = [{"id": name, "object": "model", "context": 7} for name in ("m-2", "other")]
    server.queue(answer({"object": "list", "data": listed}))
    config = UpstreamConfig(
        "up", server.base_url, models=("m-*",), aliases={"fast": "m-1"}, timeouts=PATIENT
    )
    upstream = OpenAIUpstream(config, environment=False)

    models = await upstream.models()

    assert [model["id"] for model in models] == ["fast", "m-2"]
    assert models[1] == listed[0]
    await upstream.aclose()


async def test_a_connection_that_the_upstream_closed_is_not_used_again(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue([*answer(chat("bye")), Close()])
    await whole(await upstream.send(chat_call()))
    await eventually(lambda: server.open_connections == 0)

    reply = await upstream.send(chat_call())

    assert (reply.status, server.connections) == (200, 2)
    await reply.body.aclose()


async def test_http2_where_the_upstream_has_none_is_http1(server: ScriptedUpstream) -> None:
    config = UpstreamConfig("up", server.base_url, http2=True)
    upstream = OpenAIUpstream(config, environment=False)

    assert (await upstream.send(chat_call())).status == 200
    await upstream.aclose()


def test_an_upstream_can_be_used_from_one_event_loop_after_another() -> None:
    with ScriptedUpstream().in_thread() as server:
        upstream = upstream_at(server.base_url)

        async def ask() -> int:
            try:
                reply = await upstream.send(chat_call())
                await whole(reply)
                return reply.status
            finally:
                await upstream.aclose()

        assert [asyncio.run(ask()), asyncio.run(ask())] == [200, 200]
