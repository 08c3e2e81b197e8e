"""Facts about answers of more than is kept: they pass in pieces, and nothing holds them."""

import json
from contextlib import aclosing
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from unit.pipeline.harness import MOST_KEPT_BYTES, Harness, read

HUGE = json.dumps(completion("x" * 2 * MOST_KEPT_BYTES)).encode()
PIECES = [HUGE[:15_000], HUGE[15_000:30_000], HUGE[30_000:]]
WORD = chunk("y" * 6_000)
LONG_STREAM = sse(*[WORD] * 5, chunk(finish="stop"))


def too_large(harness: Harness) -> int:
    return harness.exact.counted().get("error:answer_too_large", 0)


async def test_it_arrives_whole_and_is_not_stored() -> None:
    harness = Harness()
    harness.upstream.queue(PIECES)

    large = await harness.ask()
    again = await harness.ask()

    assert large.body == HUGE
    assert again.x_cache == "MISS"
    assert too_large(harness) == 1


async def test_it_is_passed_on_before_it_is_whole() -> None:
    harness = Harness()
    harness.upstream.queue(PIECES)

    body = (await harness.begin()).body
    pieces = await read(body)

    assert pieces == [PIECES[0] + PIECES[1], PIECES[2]]


async def test_a_client_that_leaves_it_cancels_the_call() -> None:
    harness = Harness()
    harness.upstream.queue(PIECES)

    body = (await harness.begin()).body
    assert not isinstance(body, bytes)
    await body.aclose()
    await body.aclose()

    assert harness.upstream.closed_early == 1


async def test_a_large_answer_that_breaks_off_raises_for_the_reader() -> None:
    harness = Harness()
    harness.upstream.queue([*PIECES[:2], ConnectionError()])

    body = (await harness.begin()).body

    assert not isinstance(body, bytes)
    async with aclosing(body):
        await anext(body)
        with pytest.raises(ConnectionError):
            await anext(body)


@pytest.mark.parametrize("fields", [{}, {"stream_options": {"include_usage": True}}])
async def test_a_long_stream_arrives_as_it_came_and_is_not_stored(fields: dict[str, Any]) -> None:
    harness = Harness()
    harness.upstream.queue(LONG_STREAM, headers=SSE_HEADERS)

    large = await harness.ask(stream=True, **fields)
    again = await harness.ask(stream=True, **fields)

    assert large.body == b"".join(LONG_STREAM)
    assert again.x_cache == "MISS"
    assert too_large(harness) == 1


async def test_the_usage_that_only_the_proxy_asked_for_is_hidden_in_a_long_stream_too() -> None:
    harness = Harness()
    usage = chunk(usage={"prompt_tokens": 1, "completion_tokens": 1}, choices=[])
    harness.upstream.queue(sse(*[WORD] * 5, chunk(finish="stop"), usage), headers=SSE_HEADERS)

    large = await harness.ask(stream=True)

    assert large.body == b"".join(LONG_STREAM)


async def test_one_event_that_is_too_large_passes_in_pieces() -> None:
    harness = Harness()
    pieces = [b"data: " + b"z" * MOST_KEPT_BYTES, b"z" * 100, b"\n\n", *sse()]
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    body = (await harness.begin(stream=True)).body
    got = await read(body)

    assert got[0] == pieces[0]
    assert b"".join(got) == b"".join(pieces)
