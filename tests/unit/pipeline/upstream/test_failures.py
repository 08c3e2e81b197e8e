"""Facts about what happens when a part is away: the answer still comes."""

import pytest

from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.ports.upstream import Route
from unit.pipeline.harness import Harness


@pytest.fixture
def harness() -> Harness:
    return Harness()


async def test_without_the_exact_tier_the_answer_still_comes(harness: Harness) -> None:
    harness.exact.away = True

    answer = await harness.ask()

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "exact-unavailable")
    assert harness.embedder.texts == []


async def test_counts_made_while_the_exact_tier_was_unavailable_are_written_later(
    harness: Harness,
) -> None:
    harness.exact.away = True
    await harness.ask("one")
    await harness.ask("two")
    harness.exact.away = False
    harness.exact.time += 10

    await harness.ask("three")

    assert harness.exact.count_of("misses") == 3
    assert harness.exact.count_of("error:exact") >= 2


async def test_without_the_embedder_the_exact_tier_goes_on(harness: Harness) -> None:
    harness.embedder.away = True

    first, second = await harness.ask(), await harness.ask()

    assert (first.x_cache, first.outcome.reason) == ("MISS", "embedder-unavailable")
    assert second.x_cache == "HIT-EXACT"


async def test_without_the_vector_store_the_exact_tier_goes_on(harness: Harness) -> None:
    harness.vectors.away = True

    first, second = await harness.ask(), await harness.ask()
    await harness.ask()  # what came after the commit is counted with the next call

    assert (first.x_cache, first.outcome.reason) == ("MISS", "search-unavailable")
    assert second.x_cache == "HIT-EXACT"
    assert harness.exact.count_of("error:search") == 2  # looking and storing


async def test_a_breaker_that_opens_is_counted_once_for_all_its_failures(harness: Harness) -> None:
    harness.vectors.away = True

    for number in range(4):
        await harness.ask(f"prompt {number}")
    await harness.proxy.counter_writer.drain()

    assert harness.exact.count_of("error:search") == 8
    assert harness.exact.count_of("trip:search") == 1


async def test_without_the_upstream_there_is_an_error_and_nothing_stored(harness: Harness) -> None:
    harness.upstream.unreachable = True

    with pytest.raises(UpstreamUnreachable):
        await harness.ask()
    await harness.proxy.counter_writer.drain()

    assert harness.exact.entries == {}
    assert harness.exact.count_of("error:upstream") == 1


@pytest.mark.parametrize("status", [400, 503])
async def test_an_upstreams_error_is_no_miss_and_no_answer(harness: Harness, status: int) -> None:
    harness.upstream.queue([b'{"error": {}}'], status=status)

    answer = await harness.ask()
    await harness.proxy.counter_writer.drain()

    assert (answer.x_cache, answer.outcome.reason) == ("ERROR", "upstream-error")
    assert (harness.exact.count_of("misses"), harness.exact.count_of("error")) == (0, 1)
    assert harness.exact.count_of("model:gpt-4o-mini:misses") == 0


async def test_a_hit_needs_no_upstream(harness: Harness) -> None:
    await harness.ask()
    harness.upstream.unreachable = True

    assert (await harness.ask()).x_cache == "HIT-EXACT"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_an_upstreams_error_is_passed_on_and_never_stored(
    harness: Harness, status: int
) -> None:
    harness.upstream.queue([b'{"error": {"message": "no"}}'], status)

    answer = await harness.ask()

    assert (answer.status, answer.body) == (status, b'{"error": {"message": "no"}}')
    assert (await harness.ask()).x_cache == "MISS"
    assert harness.exact.count_of(f"error:upstream_{status}") == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"[1]", b'"x"', b"", b'{"choices": []}', b"\xff\xfe", b"[" * 100_000]
)
async def test_a_strange_answer_is_passed_on_and_never_stored(
    harness: Harness, body: bytes
) -> None:
    harness.upstream.queue([body])

    answer = await harness.ask()

    assert (answer.status, answer.body) == (200, body)
    assert (await harness.ask()).x_cache == "MISS"


async def test_an_answer_that_breaks_off_is_an_error(harness: Harness) -> None:
    harness.upstream.queue([b'{"choices"', UpstreamUnreachable("cut", upstream="fake")])

    with pytest.raises(UpstreamUnreachable):
        await harness.ask()

    assert harness.exact.entries == {}


async def test_a_fallbacks_answer_is_stored_under_the_route_that_gave_it(harness: Harness) -> None:
    first, second = Route("one", "m"), Route("two", "m-there")
    harness.upstream.route_list = [first, second]
    harness.upstream.answering_route = second
    await harness.ask()

    by_the_first = await harness.ask()
    harness.upstream.route_list = [second]
    by_the_second = await harness.ask()

    assert by_the_first.x_cache == "MISS"
    assert by_the_second.x_cache == "HIT-EXACT"
