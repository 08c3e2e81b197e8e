"""Facts about streams on a miss and on a hit."""

import json
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from unit.pipeline.harness import Harness, ReceivedAnswer


@pytest.fixture
def harness() -> Harness:
    return Harness()


def chunks(answer: ReceivedAnswer) -> list[dict[str, Any]]:
    datas = [line.removeprefix("data: ") for line in answer.body.decode().split("\n") if line]
    return [json.loads(data) for data in datas if data != "[DONE]"]


def text_of(answer: ReceivedAnswer) -> str:
    parts = [c["choices"][0]["delta"].get("content") for c in chunks(answer) if c["choices"]]
    return "".join(part for part in parts if part)


async def test_a_stored_stream_answers_a_stream_and_a_plain_request(harness: Harness) -> None:
    first = await harness.ask(stream=True)

    streamed, plain = await harness.ask(stream=True), await harness.ask()

    assert (first.x_cache, streamed.x_cache, plain.x_cache) == ("MISS", "HIT-EXACT", "HIT-EXACT")
    assert text_of(first) == text_of(streamed) == plain.said == "answer 1"
    assert all(result.body.endswith(b"data: [DONE]\n\n") for result in (first, streamed))


async def test_a_stored_plain_answer_answers_a_stream(harness: Harness) -> None:
    await harness.ask()

    assert text_of(await harness.ask(stream=True)) == "answer 1"


async def test_pieces_leave_as_they_arrive(harness: Harness) -> None:
    answer = await harness.begin(stream=True)
    assert not isinstance(answer.body, bytes)

    first = await anext(answer.body)

    assert b"answer 1" in first
    assert harness.exact.entries == {}
    await answer.body.aclose()


async def test_the_end_is_sent_after_the_answer_was_stored(harness: Harness) -> None:
    answer = await harness.begin(stream=True)
    assert not isinstance(answer.body, bytes)
    async for piece in answer.body:
        if b"[DONE]" in piece:
            assert len(harness.exact.entries) == 1
            assert harness.exact.count_of("misses") == 1


async def test_usage_is_requested_and_shown_only_to_those_who_want_it(harness: Harness) -> None:
    without = await harness.ask("one", stream=True)
    wanted = {"include_usage": True}
    with_usage = await harness.ask("two", stream=True, stream_options=wanted)

    hit_without = await harness.ask("two", stream=True)
    hit_with = await harness.ask("one", stream=True, stream_options=wanted)

    assert all(json.loads(c.body)["stream_options"] == wanted for c in harness.upstream.calls)
    assert not any("usage" in c for answer in (without, hit_without) for c in chunks(answer))
    assert all(
        chunks(answer)[-1]["usage"]["prompt_tokens"] == 10 for answer in (with_usage, hit_with)
    )
    assert harness.exact.count_of("model:m:prompt_used") == 20


async def test_a_bypassed_stream_reaches_the_upstream_as_it_was_written(harness: Harness) -> None:
    await harness.ask(stream=True, headers={"x-bypass-cache": "true"})

    assert "stream_options" not in json.loads(harness.upstream.calls[0].body)


@pytest.mark.parametrize(
    "pieces",
    [
        sse(chunk("half"), done=False),
        sse(chunk("cut off"), chunk(finish="length")),
        sse(chunk("x"), chunk(finish="content_filter")),
        sse(chunk("x")),
        sse(chunk("x"), {"error": {"message": "overloaded"}}),
        sse(chunk(finish="stop")),
        [piece.replace(b"~", b"\xff") for piece in sse(chunk("x~"), chunk(finish="stop"))],
        [b"data: rubbish\n\n", b"data: [DONE]\n\n"],
        [b"data: half an ev"],
        [],
    ],
)
async def test_what_is_not_whole_is_passed_on_and_never_stored(
    harness: Harness, pieces: list[bytes]
) -> None:
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert answer.body == b"".join(pieces)
    assert harness.exact.entries == {}
    assert harness.exact.count_of("misses") == 1


async def test_a_stream_that_ends_early_passes_where_there_is_no_store(harness: Harness) -> None:
    harness.exact.away = True
    cut_short = sse(chunk("a"), chunk(finish="length"))
    harness.upstream.queue(cut_short, headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert answer.body == b"".join(cut_short)


async def test_a_stream_that_breaks_ends_in_an_error_event(harness: Harness) -> None:
    broken = UpstreamUnreachable("The upstream broke off.", upstream="fake")
    harness.upstream.queue([*sse(chunk("half"), done=False), broken], headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert chunks(answer)[-1]["error"]["message"] == "The upstream broke off."
    assert b"[DONE]" not in answer.body
    assert harness.exact.entries == {}
    assert harness.exact.count_of("error:upstream_stream") == 1


async def test_a_client_that_leaves_cancels_the_upstream_and_is_counted(harness: Harness) -> None:
    answer = await harness.begin(stream=True)
    assert not isinstance(answer.body, bytes)
    await anext(answer.body)

    await answer.body.aclose()
    await harness.proxy.counter_writer.drain()

    assert harness.upstream.closed_early == 1
    assert harness.exact.count_of("misses") == 1
    assert harness.exact.entries == {}


async def test_a_terminator_without_its_empty_line_still_ends_the_stream(harness: Harness) -> None:
    pieces = [*sse(chunk("x"), chunk(finish="stop"), done=False), b"data: [DONE]\n"]
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert (await harness.ask(stream=True)).x_cache == "HIT-EXACT"


async def test_a_body_that_ends_after_its_finish_reason_is_whole_without_a_terminator(
    harness: Harness,
) -> None:
    pieces = sse(chunk("x"), chunk(finish="stop"), done=False)
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert answer.body == b"".join(pieces)
    assert (await harness.ask()).said == "x"


async def test_what_comes_behind_the_end_is_read_and_belongs_to_no_answer(
    harness: Harness,
) -> None:
    pieces = sse(chunk("x"), chunk(finish="stop"))
    harness.upstream.queue([*pieces, b": late\n\n"], headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert answer.body == b"".join(pieces)
    assert harness.upstream.closed_early == 0


async def test_comments_pass_and_are_not_kept(harness: Harness) -> None:
    pieces = [b": waiting\n\n", *sse(chunk("x"), chunk(finish="stop"))]
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    first, second = await harness.ask(stream=True), await harness.ask(stream=True)

    assert first.body.startswith(b": waiting\n\n")
    assert b"waiting" not in second.body


async def test_an_error_instead_of_a_stream_keeps_its_status(harness: Harness) -> None:
    harness.upstream.queue([b'{"error": {}}'], 429)

    answer = await harness.ask(stream=True)

    assert (answer.status, answer.body) == (429, b'{"error": {}}')


async def test_a_plain_answer_to_a_streamed_request_is_kept_all_the_same(harness: Harness) -> None:
    harness.upstream.queue([json.dumps(completion("whole")).encode()])

    answer = await harness.ask(stream=True)

    assert answer.said == "whole"
    assert text_of(await harness.ask(stream=True)) == "whole"
