"""Facts about how requests are counted once, as what their event says."""

from dataclasses import dataclass

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.recording.counter_writer import (
    UNIDENTIFIED,
    CounterWriter,
    ResultCounter,
)
from samples.request_events import an_event


@dataclass
class StandingClock:
    """A clock that a test moves."""

    seconds: float = 100.0

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


class Counting:
    """A counter over a store, and what the store holds at the end."""

    def __init__(self, nobody: str = "default") -> None:
        self.exact = MemoryExact()
        self.clock = StandingClock()
        self.counter_writer = CounterWriter(self.exact, 1.0)
        self.counter = ResultCounter(self.counter_writer, self.clock, nobody)

    async def counts(self, tenant: str = "default") -> dict[str, int]:
        """What was counted for the tenant, without latencies and what adds up to nothing."""
        self.counter.close()
        await self.counter_writer.drain()
        windows = await self.exact.counters(tenant)
        counted = [pair for window in windows for pair in window.counts.items()]
        self.latencies = {name: n for name, n in counted if name.startswith("latency:")}
        return {name: n for name, n in counted if n and name not in self.latencies}


@pytest.mark.parametrize("result", sorted(set(Result) - {Result.ERROR, Result.REFUSED}))
async def test_a_result_that_is_not_counted_yet_is_counted_once(result: Result) -> None:
    counting = Counting()

    counting.counter.write(an_event(result=result.value, tenant="default"))

    assert list((await counting.counts()).values()) == [1]


async def test_what_is_counted_already_is_not_counted_again() -> None:
    counting = Counting()

    counting.counter.write(an_event(result="MISS", tenant="default", counted={"misses": 1}))

    assert await counting.counts() == {}


async def test_a_wrong_result_is_taken_back() -> None:
    counting = Counting()

    counting.counter.write(
        an_event(result="ERROR", status=502, tenant="default", counted={"bypasses": 1})
    )

    assert await counting.counts() == {"bypasses": -1, "error": 1, "failure:502": 1}


async def test_a_refusal_is_counted_by_status_and_cause() -> None:
    counting = Counting()

    counting.counter.write(
        an_event(result="REFUSED", reason="refused:invalid_json", status=400, tenant="default")
    )

    assert await counting.counts() == {"refused": 1, "refusal:400:invalid_json": 1}


async def test_without_keys_a_request_without_a_tenant_is_the_open_clients() -> None:
    counting = Counting()

    counting.counter.write(an_event(result="REFUSED", reason="refused:x", status=421, tenant=None))

    assert counting.exact.calls == 0
    assert (await counting.counts())["refusal:421:x"] == 1


async def test_requests_without_a_valid_key_are_written_once_a_second_at_most() -> None:
    counting = Counting(UNIDENTIFIED)
    event = an_event(result="REFUSED", reason="refused:x", status=401, tenant=None)
    for _ in range(3):
        counting.counter.write(event)
    await counting.counter_writer.wait()
    first = counting.exact.calls

    counting.clock.seconds += 1
    counting.counter.write(event)
    await counting.counter_writer.wait()

    assert (first, counting.exact.calls) == (1, 2)
    assert (await counting.counts(UNIDENTIFIED))["refusal:401:x"] == 4


@pytest.mark.parametrize("reason", ["refresh", "write-only", "no-cache"])
async def test_a_miss_that_was_not_looked_up_is_counted_as_such(reason: str) -> None:
    counting = Counting()

    counting.counter.write(an_event(result="MISS", reason=reason, counted={"misses": 1}))

    assert await counting.counts() == {"not_read": 1}


async def test_how_near_the_nearest_prompt_was_is_counted_with_what_became_of_it() -> None:
    counting = Counting()

    for result, reason, similarity in (
        ("HIT-SEMANTIC", "similar", 0.97996),
        ("MISS", "guard:numbers", 0.9799),
        ("MISS", "below-threshold", 0.5),
    ):
        counting.counter.write(an_event(result=result, reason=reason, similarity=similarity))

    counts = await counting.counts()
    assert {name for name in counts if name.startswith("similarity:")} == {
        "similarity:served:98",
        "similarity:vetoed:97",
        "similarity:not_served:50",
    }


async def test_the_time_until_an_answer_began_is_counted_with_its_result() -> None:
    counting = Counting()

    counting.counter.write(an_event(result="HIT-EXACT", latency_ms=2.0))
    counting.counter.write(an_event(result="REFUSED", status=400, reason="refused:x"))

    await counting.counts()
    assert counting.latencies == {"latency:hit_exact:b70": 1, "latency:hit_exact:sum_us": 2_000}
