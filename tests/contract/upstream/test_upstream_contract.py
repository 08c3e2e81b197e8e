"""What every upstream does, whoever answers behind it."""

import json
from collections.abc import AsyncIterator, Callable

import pytest

from llm_cache_proxy.adapters.upstream.demo.upstream import DemoUpstream
from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.adapters.upstream.pool import UpstreamPool
from llm_cache_proxy.domain.upstreams.config import UpstreamConfig
from llm_cache_proxy.ports.upstream import Upstream, UpstreamReply
from servers.upstream.calls import chat_call, events_in, fetched, post, whole
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer

# The scripted server, which runs beside the test, resets connections as asyncio's sockets allow.
pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

MODEL = "scripted-model"
Make = Callable[[str], Upstream]


def one(base_url: str) -> OpenAIUpstream:
    return OpenAIUpstream(UpstreamConfig("one", base_url, api_key="sk-up"), environment=False)


MAKERS: dict[str, Make] = {
    "demo": lambda _: DemoUpstream(first_token_seconds=0, word_seconds=0),
    "openai": one,
    "pool": lambda base_url: UpstreamPool([one(base_url)]),
}


@pytest.fixture(params=list(MAKERS))
async def upstream(request: pytest.FixtureRequest) -> AsyncIterator[Upstream]:
    make = MAKERS[request.param]
    async with ScriptedUpstream() as server:
        missing = {"error": {"message": "no", "type": "x", "param": None, "code": "not_found"}}
        server.when(answer(missing, status=404), path="/nothing")
        made = make(server.base_url)
        yield made
        await made.aclose()


async def streamed(upstream: Upstream, **fields: object) -> UpstreamReply:
    routes = upstream.routes(MODEL)
    return await upstream.send(chat_call(streaming=True, routes=routes, **fields))  # type: ignore[arg-type]  # any field


async def test_a_served_model_has_a_route(upstream: Upstream) -> None:
    assert [route.model for route in upstream.routes(MODEL)] == [MODEL]


async def test_a_completion_is_whole_json(upstream: Upstream) -> None:
    reply = await upstream.send(chat_call(routes=upstream.routes(MODEL)))
    body = json.loads(await whole(reply))

    assert (reply.status, reply.attempts) == (200, 1)
    assert reply.route == upstream.routes(MODEL)[0]
    assert reply.headers["content-type"].startswith("application/json")
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["completion_tokens"] > 0


async def test_header_names_are_in_lower_case_and_none_is_of_the_connection(
    upstream: Upstream,
) -> None:
    reply = await upstream.send(chat_call(routes=upstream.routes(MODEL)))
    await whole(reply)

    names = set(reply.headers)
    assert names == {name.lower() for name in names}
    assert names.isdisjoint({"content-length", "content-encoding", "transfer-encoding"})


async def test_a_stream_is_events_up_to_done(upstream: Upstream) -> None:
    reply = await streamed(upstream)
    body = await whole(reply)

    assert reply.headers["content-type"].startswith("text/event-stream")
    assert body.endswith(b"data: [DONE]\n\n")
    assert events_in(body)[-1]["choices"]


async def test_usage_ends_a_stream_that_requests_it(upstream: Upstream) -> None:
    events = events_in(
        await whole(await streamed(upstream, stream_options={"include_usage": True}))
    )

    assert (events[-1]["choices"], bool(events[-1]["usage"])) == ([], True)


async def test_an_error_status_is_an_answer(upstream: Upstream) -> None:
    status, body = await fetched(upstream, post("/nothing", {}))

    assert status == 404
    assert "error" in body


async def test_a_body_can_be_closed_unread_half_read_and_twice(upstream: Upstream) -> None:
    unread = await streamed(upstream)
    await unread.body.aclose()

    half = await streamed(upstream)
    assert await anext(half.body)
    await half.body.aclose()
    await half.body.aclose()

    with pytest.raises(StopAsyncIteration):
        await anext(half.body)


async def test_what_is_thrown_into_a_body_ends_it(upstream: Upstream) -> None:
    reply = await streamed(upstream)
    await anext(reply.body)

    with pytest.raises(KeyError):
        await reply.body.athrow(KeyError("x"))

    with pytest.raises(StopAsyncIteration):
        await anext(reply.body)


async def test_models_are_openai_objects(upstream: Upstream) -> None:
    models = await upstream.models()

    assert models
    assert all(isinstance(model["id"], str) and model["object"] == "model" for model in models)


async def test_closing_twice_is_closing(upstream: Upstream) -> None:
    await fetched(upstream, chat_call(routes=upstream.routes(MODEL)))

    await upstream.aclose()
    await upstream.aclose()
