"""An upstream that cannot be reached, breaks off or falls silent, on real sockets."""

import asyncio
import contextlib
import socket
from dataclasses import replace

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.errors import UpstreamTimedOut, UpstreamUnreachable
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.asked import PATIENT, failed, upstream_at
from servers.upstream.calls import chat_call
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
from servers.waiting import happening

EVENTS = sse(chat_chunks("one two three"))
SILENT: Script = [Stall()]


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
    await happening(lambda: server.open_connections == 0)
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
    await happening(server.requests[0].left.is_set)


async def test_a_whole_answer_is_timed_out_though_it_never_falls_silent(
    server: ScriptedUpstream, impatient: OpenAIUpstream
) -> None:
    server.queue(stream([b" "] * 100, pause_seconds=0.05))

    assert isinstance(await failed(impatient), UpstreamTimedOut)
