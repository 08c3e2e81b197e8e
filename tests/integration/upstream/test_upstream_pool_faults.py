"""Retries and fallback on real sockets."""

import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.adapters.upstream.pool import Timing, UpstreamPool
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.domain.upstreams.config import Timeouts, UpstreamConfig
from servers.upstream.answers import chat_chunks
from servers.upstream.calls import chat_call, fetched, whole
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Close, Cut, Script, Stall, answer, sse, stream

EVENTS = sse(chat_chunks("one two"))


class Waits(list[float]):
    """Waits that were made, without waiting."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


PATIENT = Timeouts(connect_seconds=30.0, pool_seconds=30.0, models_seconds=30.0)
SOON = replace(PATIENT, first_byte_seconds=0.3)


@asynccontextmanager
async def pooled(
    *servers: ScriptedUpstream,
    waits: Waits | None = None,
    first: Timeouts = PATIENT,
    **aliases: str,
) -> AsyncIterator[UpstreamPool]:
    """`first` are the first one's timeouts; the others are waited for."""
    async with AsyncExitStack() as stack:
        members = []
        for number, server in enumerate(servers):
            running = await stack.enter_async_context(server)
            config = UpstreamConfig(
                f"up-{number}",
                running.base_url,
                aliases=aliases if number else {},
                timeouts=PATIENT if number else first,
            )
            members.append(OpenAIUpstream(config, environment=False))
        made = waits if waits is not None else Waits()
        pool = UpstreamPool(members, timing=Timing(sleep=made.sleep, fraction=lambda: 0.5))
        yield pool
        await pool.aclose()


@pytest.mark.parametrize(
    "script",
    [
        answer({"error": {"message": "x"}}, 500),
        answer({"error": {"message": "x"}}, 429, {"retry-after-ms": "10"}),
        [Cut()],
        [Close()],
        stream([], end=[Cut()]),
    ],
)
async def test_a_trouble_before_the_first_byte_is_outlasted(script: Script) -> None:
    server = ScriptedUpstream()
    server.queue(script)
    async with pooled(server) as pool:
        reply = await pool.send(chat_call(routes=pool.routes("scripted-model")))
        await whole(reply)

    assert (reply.status, reply.attempts, len(server.requests)) == (200, 2, 2)


async def test_a_stream_is_not_requested_again_after_its_first_byte() -> None:
    server = ScriptedUpstream()
    server.queue(stream([EVENTS[:40]], end=[Cut()]))
    async with pooled(server) as pool:
        with pytest.raises(UpstreamUnreachable):
            await whole(await pool.send(chat_call(streaming=True)))

    assert len(server.requests) == 1


async def test_retry_after_is_waited_for() -> None:
    server, waits = ScriptedUpstream(), Waits()
    server.queue(answer({"error": {}}, 429, {"retry-after": "3"}))
    async with pooled(server, waits=waits) as pool:
        status, _ = await fetched(pool, chat_call())

    assert (status, waits) == (200, [3.0])


async def test_the_next_upstream_answers_under_its_own_name_for_the_model() -> None:
    first, second = ScriptedUpstream(), ScriptedUpstream()
    first.when(answer({"error": {}}, 503))
    async with pooled(first, second, fast="theirs") as pool:
        call = chat_call(model="fast", routes=pool.routes("up-0/x"), seed=2**70)
        routes = [*call.routes, *pool.routes("fast")]
        status, body = await fetched(pool, chat_call(model="fast", routes=routes, seed=2**70))

    assert (status, body["model"]) == (200, "theirs")
    assert second.requests[0].fields["seed"] == 2**70
    assert len(first.requests) == 3


async def test_an_upstream_that_is_silent_or_gone_is_passed_over() -> None:
    silent, second = ScriptedUpstream(), ScriptedUpstream()
    silent.when([Stall()])
    async with pooled(silent, second, first=SOON) as pool:
        reply = await pool.send(chat_call(streaming=True, routes=pool.routes("m")))
        await whole(reply)
        assert (reply.route.upstream, reply.attempts) == ("up-1", 2)


async def test_all_gone_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    config = UpstreamConfig("gone", f"http://127.0.0.1:{port}/v1")
    waits = Waits()
    pool = UpstreamPool(
        [OpenAIUpstream(config, environment=False)], timing=Timing(sleep=waits.sleep)
    )

    with pytest.raises(UpstreamUnreachable):
        await pool.send(chat_call())

    assert len(waits) == 2
    await pool.aclose()


async def test_models_of_several_upstreams_are_one_list() -> None:
    first, second = ScriptedUpstream(), ScriptedUpstream()
    first.queue(answer({"object": "list", "data": [{"id": "x", "object": "model"}]}))
    async with pooled(first, second) as pool:
        models = await pool.models()
        again = await pool.models()

    assert [model["id"] for model in models] == ["x", "scripted-model", "scripted-model-2"]
    assert again == models
    assert len(first.requests) == 1
