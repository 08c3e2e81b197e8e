"""Facts about streams on a miss and on a hit."""

import json
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from unit.pipeline.bench import Bench, Told


@pytest.fixture
def bench() -> Bench:
    return Bench()


def chunks(told: Told) -> list[dict[str, Any]]:
    datas = [line.removeprefix("data: ") for line in told.body.decode().split("\n") if line]
    return [json.loads(data) for data in datas if data != "[DONE]"]


def text_of(told: Told) -> str:
    parts = [c["choices"][0]["delta"].get("content") for c in chunks(told) if c["choices"]]
    return "".join(part for part in parts if part)


async def test_a_stored_stream_answers_a_stream_and_a_plain_request(bench: Bench) -> None:
    first = await bench.ask(stream=True)

    streamed, plain = await bench.ask(stream=True), await bench.ask()

    assert (first.x_cache, streamed.x_cache, plain.x_cache) == ("MISS", "HIT-EXACT", "HIT-EXACT")
    assert text_of(first) == text_of(streamed) == plain.said == "answer 1"
    assert all(told.body.endswith(b"data: [DONE]\n\n") for told in (first, streamed))


async def test_a_stored_plain_answer_answers_a_stream(bench: Bench) -> None:
    await bench.ask()

    assert text_of(await bench.ask(stream=True)) == "answer 1"


async def test_pieces_leave_as_they_arrive(bench: Bench) -> None:
    answer = await bench.begin(stream=True)
    assert not isinstance(answer.body, bytes)

    first = await anext(answer.body)

    assert b"answer 1" in first
    assert bench.exact.entries == {}
    await answer.body.aclose()


async def test_the_end_is_told_after_the_answer_was_stored(bench: Bench) -> None:
    answer = await bench.begin(stream=True)
    assert not isinstance(answer.body, bytes)
    async for piece in answer.body:
        if b"[DONE]" in piece:
            assert len(bench.exact.entries) == 1
            assert bench.exact.count_of("misses") == 1


async def test_usage_is_asked_for_and_shown_only_to_those_who_want_it(bench: Bench) -> None:
    without = await bench.ask("one", stream=True)
    wanted = {"include_usage": True}
    with_usage = await bench.ask("two", stream=True, stream_options=wanted)

    hit_without = await bench.ask("two", stream=True)
    hit_with = await bench.ask("one", stream=True, stream_options=wanted)

    assert all(json.loads(c.body)["stream_options"] == wanted for c in bench.upstream.calls)
    assert not any("usage" in c for told in (without, hit_without) for c in chunks(told))
    assert all(chunks(told)[-1]["usage"]["prompt_tokens"] == 10 for told in (with_usage, hit_with))
    assert bench.exact.count_of("model:m:prompt_used") == 20


async def test_a_bypassed_stream_reaches_the_upstream_as_it_was_written(bench: Bench) -> None:
    await bench.ask(stream=True, headers={"x-bypass-cache": "true"})

    assert "stream_options" not in json.loads(bench.upstream.calls[0].body)


@pytest.mark.parametrize(
    "pieces",
    [
        sse(chunk("half"), done=False),
        sse(chunk("cut off"), chunk(finish="length")),
        sse(chunk("x"), chunk(finish="content_filter")),
        sse(chunk("x")),
        sse(chunk("x"), chunk(finish="stop"), done=False),
        sse(chunk("x"), {"error": {"message": "overloaded"}}),
        sse(chunk(finish="stop")),
        [b"data: rubbish\n\n", b"data: [DONE]\n\n"],
        [b"data: half an ev"],
        [],
    ],
)
async def test_what_is_not_whole_is_passed_on_and_never_stored(
    bench: Bench, pieces: list[bytes]
) -> None:
    bench.upstream.queue(pieces, headers=SSE_HEADERS)

    told = await bench.ask(stream=True)

    assert told.body == b"".join(pieces)
    assert bench.exact.entries == {}
    assert bench.exact.count_of("misses") == 1


async def test_a_stream_that_breaks_ends_in_an_error_event(bench: Bench) -> None:
    broken = UpstreamUnreachable("The upstream broke off.", upstream="fake")
    bench.upstream.queue([*sse(chunk("half"), done=False), broken], headers=SSE_HEADERS)

    told = await bench.ask(stream=True)

    assert chunks(told)[-1]["error"]["message"] == "The upstream broke off."
    assert b"[DONE]" not in told.body
    assert bench.exact.entries == {}
    assert bench.exact.count_of("error:upstream_stream") == 1


async def test_a_client_that_leaves_cancels_the_upstream_and_is_counted(bench: Bench) -> None:
    answer = await bench.begin(stream=True)
    assert not isinstance(answer.body, bytes)
    await anext(answer.body)

    await answer.body.aclose()
    await bench.proxy.counter_writer.drain()

    assert bench.upstream.closed_early == 1
    assert bench.exact.count_of("misses") == 1
    assert bench.exact.entries == {}


async def test_a_terminator_without_its_empty_line_still_ends_the_stream(bench: Bench) -> None:
    pieces = [*sse(chunk("x"), chunk(finish="stop"), done=False), b"data: [DONE]\n"]
    bench.upstream.queue(pieces, headers=SSE_HEADERS)

    told = await bench.ask(stream=True)

    assert told.body.endswith(b"data: [DONE]\n\n")
    assert (await bench.ask(stream=True)).x_cache == "HIT-EXACT"


async def test_comments_pass_and_are_not_kept(bench: Bench) -> None:
    pieces = [b": waiting\n\n", *sse(chunk("x"), chunk(finish="stop"))]
    bench.upstream.queue(pieces, headers=SSE_HEADERS)

    first, second = await bench.ask(stream=True), await bench.ask(stream=True)

    assert first.body.startswith(b": waiting\n\n")
    assert b"waiting" not in second.body


async def test_an_error_instead_of_a_stream_keeps_its_status(bench: Bench) -> None:
    bench.upstream.queue([b'{"error": {}}'], 429)

    told = await bench.ask(stream=True)

    assert (told.status, told.body) == (429, b'{"error": {}}')


async def test_a_plain_answer_to_a_streamed_request_is_kept_all_the_same(bench: Bench) -> None:
    bench.upstream.queue([json.dumps(completion("whole")).encode()])

    told = await bench.ask(stream=True)

    assert told.said == "whole"
    assert text_of(await bench.ask(stream=True)) == "whole"
