"""Facts about how the upstream is asked."""

import json
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, sse
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.domain.requests.controls import parse_controls
from llm_cache_proxy.pipeline.request.client_request import ClientRequest
from unit.pipeline.bench import Bench, read

REFUSAL = json.dumps({"detail": [{"loc": ["body", "stream_options"], "msg": "extra"}]}).encode()
STREAM = sse(chunk("told without usage"), chunk(finish="stop"))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def sent(bench: Bench) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in bench.upstream.calls]


@pytest.mark.parametrize("status", [400, 422])
async def test_an_upstream_that_refuses_our_wish_is_asked_again_without(
    bench: Bench, status: int
) -> None:
    bench.upstream.queue([REFUSAL], status)
    bench.upstream.queue(STREAM, headers=SSE_HEADERS)

    told = await bench.ask(stream=True)

    assert (told.status, told.body) == (200, b"".join(STREAM))
    assert [fields.get("stream_options") for fields in sent(bench)] == [
        {"include_usage": True},
        None,
    ]
    assert (await bench.ask(stream=True)).x_cache == "HIT-EXACT"


async def test_it_is_not_asked_for_that_again(bench: Bench) -> None:
    bench.upstream.queue([REFUSAL], 400)
    await bench.ask(stream=True)
    bench.upstream.calls.clear()

    await bench.ask("another question", stream=True)

    assert [fields.get("stream_options") for fields in sent(bench)] == [None]


async def test_another_refusal_is_passed_on_as_it_came(bench: Bench) -> None:
    refusal = b'{"error": {"message": "bad temperature"}}'
    bench.upstream.queue([refusal], 400)

    told = await bench.ask(stream=True)

    assert (told.status, told.body, len(bench.upstream.calls)) == (400, refusal, 1)


async def test_a_clients_own_wish_that_is_refused_is_its_own_to_mend(bench: Bench) -> None:
    bench.upstream.queue([REFUSAL], 422)

    told = await bench.ask(stream=True, stream_options={"include_usage": True})

    assert (told.status, told.body, len(bench.upstream.calls)) == (422, REFUSAL, 1)


@pytest.mark.parametrize(
    ("model", "x_cache"),
    [
        ("groq/compound-mini", "BYPASS"),
        ("gpt-4o-search-preview", "BYPASS"),
        ("openai/gpt-4o:online", "BYPASS"),
        ("o3-deep-research", "BYPASS"),
        ("gpt-4o", "HIT-EXACT"),
        ("compound-interest", "HIT-EXACT"),
    ],
)
async def test_models_that_look_things_up_pass_uncached(
    bench: Bench, model: str, x_cache: str
) -> None:
    await bench.ask(model=model)

    assert (await bench.ask(model=model)).x_cache == x_cache


async def test_an_upstream_that_refuses_without_our_wish_as_well_is_asked_for_it_again(
    bench: Bench,
) -> None:
    bench.upstream.queue([REFUSAL], 400)
    bench.upstream.queue([REFUSAL], 400)

    told = await bench.ask(stream=True)
    await bench.ask("another question", stream=True)

    assert (told.status, told.body) == (400, REFUSAL)
    assert "stream_options" in sent(bench)[2]


async def test_a_body_that_is_too_deep_to_change_goes_out_without_our_wish(bench: Bench) -> None:
    asked = b'"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]'
    body = b"{" + asked + b',"extra":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    bench.upstream.queue(STREAM, headers=SSE_HEADERS)

    answer = await bench.proxy.answer(
        ClientRequest(
            tenant="default",
            query="",
            headers={},
            body=body,
            fields=parse_object(b"{" + asked + b"}"),
            controls=parse_controls({}),
            dialect=ChatDialect(),
        )
    )

    assert b"".join(await read(answer.body)) == b"".join(STREAM)
    assert [call.body for call in bench.upstream.calls] == [body]
