"""Facts about clients that leave in the middle of a stream."""

import asyncio
from collections.abc import AsyncGenerator

import anyio
import pytest

from fakes.upstream import SSE_HEADERS, FakeUpstream, chunk, sse
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.pipeline.support.background import DetachedTasks, ShieldedBody
from llm_cache_proxy.ports.upstream import UpstreamCall, UpstreamReply
from unit.pipeline.bench import Bench

WHOLE = sse(chunk("What is left"), chunk(" is read."), chunk(finish="stop"))


class SlowUpstream(FakeUpstream):
    """Says its pieces only as `go_on` lets it."""

    def __init__(self, pieces: list[bytes | Exception]) -> None:
        super().__init__()
        self.pieces = pieces
        self.go_on = asyncio.Semaphore(0)

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        self.calls.append(call)
        return UpstreamReply(200, SSE_HEADERS, self._slowly(), call.routes[0])

    async def _slowly(self) -> AsyncGenerator[bytes, None]:
        done = False
        try:
            for piece in self.pieces:
                await self.go_on.acquire()
                if isinstance(piece, Exception):
                    raise piece
                yield piece
            done = True
        finally:
            self.closed_early += not done


def slow_bench(*, finishes: bool, pieces: list[bytes | Exception] | None = None) -> Bench:
    return Bench(
        upstream=SlowUpstream(pieces or list(WHOLE)),
        detached_tasks=DetachedTasks(finishes=finishes, limit_seconds=5),
    )


def let(bench: Bench, pieces: int) -> None:
    assert isinstance(bench.upstream, SlowUpstream)
    for _ in range(pieces):
        bench.upstream.go_on.release()


async def streamed(bench: Bench) -> AsyncGenerator[bytes, None]:
    body = (await bench.begin(stream=True)).body
    assert isinstance(body, AsyncGenerator)
    return body


async def leave(body: AsyncGenerator[bytes, None], how: str) -> None:
    """Leave after what has been read, as a server makes of it."""
    if how == "between pieces":
        await body.aclose()
        return
    with anyio.move_on_after(0.02):  # a cancelled scope, which interrupts every wait inside
        try:
            await anext(body)
        finally:
            await body.aclose()


HOW = pytest.mark.parametrize("how", ["between pieces", "while waiting"])


@HOW
@pytest.mark.parametrize("read", [0, 1])
async def test_a_stream_that_was_left_is_cancelled_by_default(how: str, read: int) -> None:
    bench = slow_bench(finishes=False)
    body = await streamed(bench)
    let(bench, read)
    for _ in range(read):
        await anext(body)

    await leave(body, how)
    await bench.detached_tasks.wait()
    await bench.proxy.counter_writer.drain()

    assert bench.upstream.closed_early == (1 if read or how == "while waiting" else 0)
    assert bench.exact.entries == {}
    assert bench.exact.count_of("misses") == 1


@HOW
@pytest.mark.parametrize("read", [0, 1])
async def test_a_stream_that_was_left_is_read_on_and_stored_by_setting(how: str, read: int) -> None:
    bench = slow_bench(finishes=True)
    body = await streamed(bench)
    let(bench, read)
    for _ in range(read):
        await anext(body)

    await leave(body, how)
    let(bench, len(WHOLE) - read)
    await bench.detached_tasks.wait()

    assert bench.upstream.closed_early == 0
    assert (await bench.ask()).said == "What is left is read."
    assert bench.exact.count_of("misses") == 1


async def test_a_stream_that_was_left_and_breaks_is_counted_and_not_stored() -> None:
    broken = UpstreamUnreachable("gone", upstream="fake")
    bench = slow_bench(finishes=True, pieces=[WHOLE[0], broken])
    body = await streamed(bench)
    let(bench, 2)

    await body.aclose()
    await bench.detached_tasks.wait()
    await bench.proxy.counter_writer.drain()

    assert bench.exact.entries == {}
    assert bench.exact.count_of("error:upstream_stream") == 1
    assert bench.exact.count_of("misses") == 1


async def test_a_stream_that_was_left_is_read_on_for_so_long_only() -> None:
    bench = slow_bench(finishes=True)
    bench.detached_tasks = DetachedTasks(finishes=True, limit_seconds=0.01)
    bench.__post_init__()
    body = await streamed(bench)
    let(bench, 1)
    await anext(body)

    await body.aclose()
    async with asyncio.timeout(2):
        await bench.detached_tasks.wait()
    await bench.proxy.counter_writer.drain()

    assert bench.upstream.closed_early == 1
    assert bench.exact.count_of("misses") == 1


async def test_the_end_of_the_process_ends_what_goes_on() -> None:
    bench = slow_bench(finishes=True)
    body = await streamed(bench)
    await body.aclose()
    await asyncio.sleep(0)

    async with asyncio.timeout(2):
        await bench.detached_tasks.aclose()
    await bench.proxy.counter_writer.drain()

    assert bench.exact.count_of("misses") == 1


async def test_a_client_that_leaves_at_the_very_end_has_its_answer_stored() -> None:
    bench = slow_bench(finishes=False)
    bench.exact.slow_seconds = 0.05
    body = await streamed(bench)
    let(bench, len(WHOLE))

    with anyio.move_on_after(0.02):
        async for _ in body:
            pass
    await bench.detached_tasks.wait()
    bench.exact.slow_seconds = 0.0

    assert (await bench.ask()).said == "What is left is read."


async def test_a_finished_stream_goes_through_as_ever() -> None:
    bench = slow_bench(finishes=True)
    let(bench, len(WHOLE))

    told = await bench.ask(stream=True)

    assert told.body == b"".join(WHOLE)
    assert (await bench.ask()).x_cache == "HIT-EXACT"


async def test_what_is_thrown_into_a_body_closes_it() -> None:
    bench = slow_bench(finishes=True)
    body = await streamed(bench)
    let(bench, 1)
    patient = ShieldedBody(body)
    await anext(patient)

    with pytest.raises(KeyError):
        await patient.athrow(KeyError("thrown"))

    let(bench, len(WHOLE))
    await bench.detached_tasks.wait()
    assert len(bench.exact.entries) == 1
