"""What a client's key is charged for an answer, whoever gave it and however it ended."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from llm_cache_proxy.domain.client_keys.limits import Limits
from llm_cache_proxy.domain.errors import LimitReached, UpstreamUnreachable
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.decision import Served
from unit.pipeline.harness import Harness, ReceivedAnswer, read
from unit.pipeline.keyed import (
    PARAPHRASE,
    REPORTED_NANO,
    REPORTED_TOKENS,
    ask,
    begin,
    charged,
    reserved,
    with_key,
)


class AnswersElsewhere:
    """Stands where the semantic tier does: answers after the lookup has reserved."""

    def __init__(self, answer: ReceivedAnswer) -> None:
        self._answer = answer

    async def find(self, asked: object, state: object) -> Served:
        del asked, state
        outcome = replace(self._answer.outcome, result=Result.COALESCED)
        return Served(Answer(200, "application/json", self._answer.body, outcome))


async def test_an_answer_is_charged_what_the_upstream_reported(harness: Harness) -> None:
    await with_key(harness)

    answer = await ask(harness)

    assert answer.x_cache == "MISS"
    assert charged(harness) == (REPORTED_TOKENS, REPORTED_NANO)


async def test_a_streamed_answer_is_charged_by_the_usage_that_only_we_requested(
    harness: Harness,
) -> None:
    await with_key(harness)

    await ask(harness, stream=True)

    assert charged(harness) == (REPORTED_TOKENS, REPORTED_NANO)


async def test_a_bypassed_answer_is_checked_and_charged_too(harness: Harness) -> None:
    await with_key(harness, limits=Limits(requests_per_minute=1))

    answer = await ask(harness, headers={"x-bypass-cache": "true"})

    assert answer.x_cache == "BYPASS"
    assert charged(harness) == (REPORTED_TOKENS, REPORTED_NANO)
    with pytest.raises(LimitReached):
        await ask(harness, headers={"x-bypass-cache": "true"})


async def test_a_hit_takes_one_command_and_is_charged_nothing(harness: Harness) -> None:
    await with_key(harness, limits=Limits(10, 10_000, 10**9))
    await ask(harness)
    before, commands = charged(harness), harness.exact.calls

    hit = await begin(harness)

    assert hit.outcome.result == "HIT-EXACT"
    assert harness.exact.calls == commands + 1
    assert charged(harness) == before
    assert hit.outcome.grant is not None
    assert hit.outcome.grant.requests is not None
    assert (hit.outcome.grant.requests.limit, hit.outcome.grant.requests.left) == (10, 8)


async def test_a_semantic_hit_gives_back_what_was_reserved(harness: Harness) -> None:
    await with_key(harness)
    await ask(harness)
    before = charged(harness)

    first, promoted = await begin(harness, PARAPHRASE), await begin(harness, PARAPHRASE)

    assert (first.outcome.result, promoted.outcome.result) == ("HIT-SEMANTIC", "HIT-EXACT")
    assert charged(harness) == before


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_an_upstreams_error_is_charged_nothing(harness: Harness, status: int) -> None:
    await with_key(harness)
    harness.upstream.queue([b'{"error": {"message": "no"}}'], status)

    await ask(harness)

    assert charged(harness) == (0, 0)


async def test_an_upstream_that_is_unavailable_is_charged_nothing(harness: Harness) -> None:
    await with_key(harness)
    harness.upstream.unreachable = True

    with pytest.raises(UpstreamUnreachable):
        await ask(harness)
    await harness.proxy.counter_writer.drain()

    assert charged(harness) == (0, 0)


async def test_an_answer_that_reports_no_usage_is_charged_as_was_reserved(harness: Harness) -> None:
    await with_key(harness)
    untold = {**completion("hi"), "usage": None}
    harness.upstream.queue([json.dumps(untold).encode()])

    await ask(harness, max_tokens=7)

    assert charged(harness) == reserved(harness, 7)


async def test_a_client_that_leaves_a_stream_is_charged_as_was_reserved(harness: Harness) -> None:
    await with_key(harness)
    headers = {"x-cache-mode": "read-only"}  # the body goes out as it came
    harness.upstream.queue(sse(chunk("a"), chunk("b"), chunk(finish="stop")), 200, SSE_HEADERS)

    answer = await begin(harness, stream=True, headers=headers, max_tokens=9)
    assert not isinstance(answer.body, bytes)
    await anext(answer.body)
    await answer.body.aclose()
    await harness.proxy.counter_writer.drain()

    assert charged(harness) == reserved(harness, 9)


async def test_a_stream_that_breaks_off_is_charged_as_was_reserved(harness: Harness) -> None:
    await with_key(harness)
    headers = {"x-cache-mode": "read-only"}
    cut = [*sse(chunk("a"), done=False), UpstreamUnreachable("gone", upstream="fake")]
    harness.upstream.queue(cut, 200, SSE_HEADERS)

    answer = await begin(harness, stream=True, headers=headers)
    await read(answer.body)
    await harness.proxy.counter_writer.drain()

    assert charged(harness) == reserved(harness)


async def test_a_client_that_leaves_before_the_upstream_is_called_is_charged_nothing(
    harness: Harness,
) -> None:
    await with_key(harness)

    async def leave(*_: object) -> None:
        raise asyncio.CancelledError

    harness.embedder.embed = leave  # type: ignore[method-assign, assignment]  # the client leaves here
    with pytest.raises(asyncio.CancelledError):
        await begin(harness)
    await harness.proxy.counter_writer.drain()

    assert charged(harness) == (0, 0)


async def test_an_answer_that_no_upstream_gave_gives_back_what_was_reserved(
    harness: Harness,
) -> None:
    await with_key(harness)
    first = await ask(harness)
    before = charged(harness)
    elsewhere: Any = AnswersElsewhere(first)
    harness.proxy = replace(harness.proxy, semantic=elsewhere)

    answer = await ask(harness, "Another question altogether")

    assert answer.x_cache == "COALESCED"
    assert charged(harness) == before
