"""Facts about how the upstream is asked."""

import json
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.pipeline.request.planned_request import client_request
from unit.pipeline.harness import Harness, read

REFUSAL = json.dumps({"detail": [{"loc": ["body", "stream_options"], "msg": "extra"}]}).encode()
STREAM = sse(chunk("streamed without usage"), chunk(finish="stop"))


@pytest.fixture
def harness() -> Harness:
    return Harness()


def sent(harness: Harness) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in harness.upstream.calls]


@pytest.mark.parametrize("status", [400, 422])
async def test_an_upstream_that_refuses_our_stream_options_is_called_again_without_them(
    harness: Harness, status: int
) -> None:
    harness.upstream.queue([REFUSAL], status)
    harness.upstream.queue(STREAM, headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert (answer.status, answer.body) == (200, b"".join(STREAM))
    assert [fields.get("stream_options") for fields in sent(harness)] == [
        {"include_usage": True},
        None,
    ]
    assert (await harness.ask(stream=True)).x_cache == "HIT-EXACT"


async def test_so_it_is_where_the_refusal_has_a_status_of_success(harness: Harness) -> None:
    harness.upstream.queue([b'{"error": {"message": "what is stream_options?"}}'])
    harness.upstream.queue(STREAM, headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert (answer.status, answer.body) == (200, b"".join(STREAM))


async def test_an_answer_that_only_names_our_stream_options_passes(harness: Harness) -> None:
    said = json.dumps(completion("The field stream_options asks for usage.")).encode()
    harness.upstream.queue([said])

    assert (await harness.ask(stream=True)).body == said
    assert len(harness.upstream.calls) == 1


async def test_it_is_not_requested_again(harness: Harness) -> None:
    harness.upstream.queue([REFUSAL], 400)
    await harness.ask(stream=True)
    harness.upstream.calls.clear()

    await harness.ask("another question", stream=True)

    assert [fields.get("stream_options") for fields in sent(harness)] == [None]


@pytest.mark.parametrize("status", [400, 403, 404, 418, 500])
async def test_options_that_only_the_proxy_sent_are_dropped_whatever_the_refusal_says(
    harness: Harness, status: int
) -> None:
    harness.upstream.queue([b'{"error": {"message": "bad request"}}'], status)
    harness.upstream.queue(STREAM, headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert (answer.status, answer.body) == (200, b"".join(STREAM))


async def test_what_the_upstream_says_to_the_clients_own_request_is_passed_on(
    harness: Harness,
) -> None:
    refusal = b'{"error": {"message": "bad temperature"}}'
    harness.upstream.queue([b"first"], 400)
    harness.upstream.queue([refusal], 400)

    answer = await harness.ask(stream=True)
    await harness.ask("another question", stream=True)

    assert (answer.status, answer.body) == (400, refusal)
    assert sent(harness)[2]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_refusal_for_other_reasons_is_not_retried(harness: Harness, status: int) -> None:
    refusal = b'{"error": {"message": "not now"}}'
    harness.upstream.queue([refusal], status)

    answer = await harness.ask(stream=True)

    assert (answer.status, answer.body, len(harness.upstream.calls)) == (status, refusal, 1)


async def test_a_refusal_of_the_clients_own_stream_options_reaches_the_client(
    harness: Harness,
) -> None:
    harness.upstream.queue([REFUSAL], 422)

    answer = await harness.ask(stream=True, stream_options={"include_usage": True})

    assert (answer.status, answer.body, len(harness.upstream.calls)) == (422, REFUSAL, 1)


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
    harness: Harness, model: str, x_cache: str
) -> None:
    await harness.ask(model=model)

    assert (await harness.ask(model=model)).x_cache == x_cache


async def test_an_upstream_that_refuses_without_our_stream_options_too_gets_them_next_time(
    harness: Harness,
) -> None:
    harness.upstream.queue([REFUSAL], 400)
    harness.upstream.queue([REFUSAL], 400)

    answer = await harness.ask(stream=True)
    await harness.ask("another question", stream=True)

    assert (answer.status, answer.body) == (400, REFUSAL)
    assert "stream_options" in sent(harness)[2]


async def test_a_body_that_is_too_deep_to_change_goes_out_without_our_stream_options(
    harness: Harness,
) -> None:
    asked = b'"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]'
    body = b"{" + asked + b',"extra":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    harness.upstream.queue(STREAM, headers=SSE_HEADERS)

    answer = await harness.proxy.answer(
        client_request(
            Client("default"),
            ChatDialect(),
            parse_object(b"{" + asked + b"}"),
            body=body,
            headers={},
        )
    )

    assert b"".join(await read(answer.body)) == b"".join(STREAM)
    assert [call.body for call in harness.upstream.calls] == [body]
