"""Facts about samples where everything stops after an answer: the upstream gives it instead."""

import pytest

from fakes.upstream import SSE_HEADERS, chunk, sse
from llm_cache_proxy.ports.exact_store.pairs import Standing
from unit.pipeline.harness import Harness
from unit.pipeline.sampling_harness import (
    PARAPHRASE,
    PROMPT,
    READ_ONLY,
    sampling,
    says,
    standing,
)


@pytest.fixture
def frozen() -> Harness:
    """Nothing runs after an answer."""
    return sampling(frozen=True)


async def test_where_everything_stops_after_an_answer_the_upstream_gives_it(
    frozen: Harness,
) -> None:
    await frozen.ask(PROMPT)
    says(frozen, "an oxide")

    answer = await frozen.ask(PARAPHRASE)
    again = await frozen.ask(PARAPHRASE)

    assert (answer.x_cache, answer.outcome.reason, answer.said) == ("MISS", "shadow", "an oxide")
    assert (again.x_cache, again.said) == ("HIT-EXACT", "an oxide")
    assert await standing(frozen) == Standing(samples=1, wrong=1)
    assert frozen.exact.count_of("semantic_hits") == 0
    assert frozen.exact.count_of("misses") == 2
    assert frozen.exact.count_of("model:m:hits") == 1  # the exact one


async def test_there_a_streamed_answer_is_compared_before_it_ends(frozen: Harness) -> None:
    await frozen.ask(PROMPT)
    frozen.upstream.queue(sse(chunk("an oxide"), chunk(finish="stop")), headers=SSE_HEADERS)

    answer = await frozen.begin(PARAPHRASE, stream=True)
    assert not isinstance(answer.body, bytes)
    at_the_end = [await standing(frozen) async for piece in answer.body if b"[DONE]" in piece]

    assert at_the_end == [Standing(samples=1, wrong=1)]


async def test_there_an_upstream_without_an_answer_leaves_the_cached_one(frozen: Harness) -> None:
    first = await frozen.ask(PROMPT)
    says(frozen, "slow down", 429)
    busy = await frozen.ask(PARAPHRASE, headers=READ_ONLY)
    frozen.upstream.unreachable = True

    away = await frozen.ask(PARAPHRASE, headers=READ_ONLY)

    assert (busy.x_cache, busy.status, busy.body) == ("HIT-SEMANTIC", 200, first.body)
    assert (away.x_cache, away.body) == ("HIT-SEMANTIC", first.body)
