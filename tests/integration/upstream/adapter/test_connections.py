"""When a call is given up, and when its connection is used again, on real sockets."""

import asyncio

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.upstreams.config import UpstreamConfig
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.asked import upstream_at
from servers.upstream.calls import chat_call, whole
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Close, Script, Stall, answer, sse, stream
from servers.waiting import happening

EVENTS = sse(chat_chunks("one two three"))
SILENT: Script = [Stall()]


async def test_closing_a_stream_cancels_it_at_the_upstream(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(stream([EVENTS[:40]], end=[Stall()]))
    reply = await upstream.send(chat_call(streaming=True))
    assert await anext(reply.body)

    await reply.body.aclose()

    await happening(server.requests[0].left.is_set)
    await happening(lambda: server.open_connections == 0)


@pytest.mark.parametrize("script", [SILENT, stream([], end=[Stall()])])
async def test_a_cancelled_call_is_given_up_at_the_upstream(
    server: ScriptedUpstream, upstream: OpenAIUpstream, script: Script
) -> None:
    server.queue(script)
    call = asyncio.create_task(upstream.send(chat_call(streaming=True)))
    await happening(lambda: len(server.requests) == 1)

    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    await happening(server.requests[0].left.is_set)


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

    await happening(server.requests[0].left.is_set)


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

    await happening(lambda: server.open_connections == 0)


async def test_closing_the_upstream_closes_its_connections(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    await whole(await upstream.send(chat_call()))
    assert server.open_connections == 1

    await upstream.aclose()

    await happening(lambda: server.open_connections == 0)


async def test_a_connection_that_the_upstream_closed_is_not_used_again(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue([*answer(chat("bye")), Close()])
    await whole(await upstream.send(chat_call()))
    await happening(lambda: server.open_connections == 0)

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
