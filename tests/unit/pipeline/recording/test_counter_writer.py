"""Facts about the boundary where cache trouble becomes a miss, and about counts on their way."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.ports.exact_store.store import Answered, Lookup
from unit.pipeline.harness import Harness

QUIET_SECONDS = 0.02


class FaultyExact(MemoryExact):
    """Whose client has a fault that nobody foresaw."""

    async def lookup(self, query: Lookup) -> Answered:
        raise RuntimeError(f"a client's fault with {query.tenant}")


async def test_a_fault_that_was_not_foreseen_is_a_miss_a_count_and_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness = Harness(exact=FaultyExact())

    with caplog.at_level(logging.ERROR):
        answer = await harness.ask()

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "exact-unavailable")
    assert harness.exact.count_of("error:exact") == 1
    assert "a client's fault" in caplog.text


class NotedExact(MemoryExact):
    """Tells when counts have been written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        await super().record(tenant, counts, recent)
        self.written.set()


async def test_a_server_that_lives_on_writes_counts_when_nothing_comes_any_more() -> None:
    exact = NotedExact()
    counter_writer = CounterWriter(exact, 1.0)
    writing = asyncio.create_task(counter_writer.write_when_idle(QUIET_SECONDS))
    await asyncio.sleep(0)

    counter_writer.later("default", {"misses": 1})
    await exact.written.wait()
    writing.cancel()

    assert exact.count_of("misses") == 1
