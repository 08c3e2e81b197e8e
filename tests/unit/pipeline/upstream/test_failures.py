"""Facts about what happens when a part is away: the answer still comes."""

import pytest

from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.ports.upstream import Route
from unit.pipeline.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_without_the_exact_tier_the_answer_still_comes(bench: Bench) -> None:
    bench.exact.away = True

    told = await bench.ask()

    assert (told.x_cache, told.outcome.reason) == ("MISS", "exact-unavailable")
    assert bench.embedder.texts == []


async def test_counts_made_while_the_exact_tier_was_away_are_written_later(bench: Bench) -> None:
    bench.exact.away = True
    await bench.ask("one")
    await bench.ask("two")
    bench.exact.away = False
    bench.exact.time += 10

    await bench.ask("three")

    assert bench.exact.count_of("misses") == 3
    assert bench.exact.count_of("error:exact") >= 2


async def test_without_the_embedder_the_exact_tier_goes_on(bench: Bench) -> None:
    bench.embedder.away = True

    first, second = await bench.ask(), await bench.ask()

    assert (first.x_cache, first.outcome.reason) == ("MISS", "embedder-unavailable")
    assert second.x_cache == "HIT-EXACT"


async def test_without_the_vector_store_the_exact_tier_goes_on(bench: Bench) -> None:
    bench.vectors.away = True

    first, second = await bench.ask(), await bench.ask()
    await bench.ask()  # what came after the commit is counted with the next call

    assert (first.x_cache, first.outcome.reason) == ("MISS", "search-unavailable")
    assert second.x_cache == "HIT-EXACT"
    assert bench.exact.count_of("error:search") == 2  # looking and storing


async def test_a_breaker_that_opens_is_counted_once_for_all_its_failures(bench: Bench) -> None:
    bench.vectors.away = True

    for number in range(4):
        await bench.ask(f"prompt {number}")
    await bench.proxy.counter_writer.drain()

    assert bench.exact.count_of("error:search") == 8
    assert bench.exact.count_of("trip:search") == 1


async def test_without_the_upstream_there_is_an_error_and_nothing_stored(bench: Bench) -> None:
    bench.upstream.unreachable = True

    with pytest.raises(UpstreamUnreachable):
        await bench.ask()
    await bench.proxy.counter_writer.drain()

    assert bench.exact.entries == {}
    assert bench.exact.count_of("error:upstream") == 1
    assert bench.exact.count_of("misses") == 1


async def test_a_hit_needs_no_upstream(bench: Bench) -> None:
    await bench.ask()
    bench.upstream.unreachable = True

    assert (await bench.ask()).x_cache == "HIT-EXACT"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_an_upstreams_error_is_passed_on_and_never_stored(bench: Bench, status: int) -> None:
    bench.upstream.queue([b'{"error": {"message": "no"}}'], status)

    told = await bench.ask()

    assert (told.status, told.body) == (status, b'{"error": {"message": "no"}}')
    assert (await bench.ask()).x_cache == "MISS"
    assert bench.exact.count_of(f"error:upstream_{status}") == 1


@pytest.mark.parametrize(
    "body", [b"<html>", b"[1]", b'"x"', b"", b'{"choices": []}', b"\xff\xfe", b"[" * 100_000]
)
async def test_a_strange_answer_is_passed_on_and_never_stored(bench: Bench, body: bytes) -> None:
    bench.upstream.queue([body])

    told = await bench.ask()

    assert (told.status, told.body) == (200, body)
    assert (await bench.ask()).x_cache == "MISS"


async def test_an_answer_that_breaks_off_is_an_error(bench: Bench) -> None:
    bench.upstream.queue([b'{"choices"', UpstreamUnreachable("cut", upstream="fake")])

    with pytest.raises(UpstreamUnreachable):
        await bench.ask()

    assert bench.exact.entries == {}


async def test_a_fallbacks_answer_is_stored_under_the_route_that_gave_it(bench: Bench) -> None:
    first, second = Route("one", "m"), Route("two", "m-there")
    bench.upstream.route_list = [first, second]
    bench.upstream.answering_route = second
    await bench.ask()

    by_the_first = await bench.ask()
    bench.upstream.route_list = [second]
    by_the_second = await bench.ask()

    assert by_the_first.x_cache == "MISS"
    assert by_the_second.x_cache == "HIT-EXACT"
