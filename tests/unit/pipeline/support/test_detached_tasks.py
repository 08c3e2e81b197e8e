"""Facts about clients that leave in the middle of a stream."""

import asyncio
from collections.abc import AsyncGenerator

import anyio
import pytest

from fakes.upstream import SSE_HEADERS, FakeUpstream, chunk, sse
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.pipeline.support.background import DetachedTasks, ShieldedBody
from llm_cache_proxy.ports.upstream import UpstreamCall, UpstreamReply
from unit.pipeline.harness import Harness

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


def slow_harness(*, finishes: bool, pieces: list[bytes | Exception] | None = None) -> Harness:
    return Harness(
        upstream=SlowUpstream(pieces or list(WHOLE)),
        detached_tasks=DetachedTasks(finishes=finishes, limit_seconds=5),
    )


def let(harness: Harness, pieces: int) -> None:
    assert isinstance(harness.upstream, SlowUpstream)
    for _ in range(pieces):
        harness.upstream.go_on.release()


async def streamed(harness: Harness) -> AsyncGenerator[bytes, None]:
    body = (await harness.begin(stream=True)).body
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
    harness = slow_harness(finishes=False)
    body = await streamed(harness)
    let(harness, read)
    for _ in range(read):
        await anext(body)

    await leave(body, how)
    await harness.detached_tasks.wait()
    await harness.proxy.counter_writer.drain()

    assert harness.upstream.closed_early == (1 if read or how == "while waiting" else 0)
    assert harness.exact.entries == {}
    assert harness.exact.count_of("misses") == 1


@HOW
@pytest.mark.parametrize("read", [0, 1])
async def test_a_stream_that_was_left_is_read_on_and_stored_by_setting(how: str, read: int) -> None:
    harness = slow_harness(finishes=True)
    body = await streamed(harness)
    let(harness, read)
    for _ in range(read):
        await anext(body)

    await leave(body, how)
    let(harness, len(WHOLE) - read)
    await harness.detached_tasks.wait()

    assert harness.upstream.closed_early == 0
    assert (await harness.ask()).said == "What is left is read."
    assert harness.exact.count_of("misses") == 1


async def test_a_stream_that_was_left_and_breaks_is_counted_and_not_stored() -> None:
    broken = UpstreamUnreachable("gone", upstream="fake")
    harness = slow_harness(finishes=True, pieces=[WHOLE[0], broken])
    body = await streamed(harness)
    let(harness, 2)

    await body.aclose()
    await harness.detached_tasks.wait()
    await harness.proxy.counter_writer.drain()

    assert harness.exact.entries == {}
    assert harness.exact.count_of("error:upstream_stream") == 1
    assert (harness.exact.count_of("misses"), harness.exact.count_of("error")) == (0, 1)


async def test_a_stream_that_was_left_is_read_on_for_so_long_only() -> None:
    harness = slow_harness(finishes=True)
    harness.detached_tasks = DetachedTasks(finishes=True, limit_seconds=0.01)
    harness.__post_init__()
    body = await streamed(harness)
    let(harness, 1)
    await anext(body)

    await body.aclose()
    async with asyncio.timeout(60):
        await harness.detached_tasks.wait()
    await harness.proxy.counter_writer.drain()

    assert harness.upstream.closed_early == 1
    assert harness.exact.count_of("misses") == 1


async def test_the_end_of_the_process_ends_what_goes_on() -> None:
    harness = slow_harness(finishes=True)
    body = await streamed(harness)
    await body.aclose()
    await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await harness.detached_tasks.aclose()
    await harness.proxy.counter_writer.drain()

    assert harness.exact.count_of("misses") == 1


async def test_a_client_that_leaves_at_the_very_end_has_its_answer_stored() -> None:
    harness = slow_harness(finishes=False)
    harness.exact.slow_seconds = 0.05
    body = await streamed(harness)
    let(harness, len(WHOLE))

    with anyio.move_on_after(0.02):
        async for _ in body:
            pass
    await harness.detached_tasks.wait()
    harness.exact.slow_seconds = 0.0

    assert (await harness.ask()).said == "What is left is read."


async def test_a_finished_stream_goes_through_as_ever() -> None:
    harness = slow_harness(finishes=True)
    let(harness, len(WHOLE))

    answer = await harness.ask(stream=True)

    assert answer.body == b"".join(WHOLE)
    assert (await harness.ask()).x_cache == "HIT-EXACT"


async def test_what_is_thrown_into_a_body_closes_it() -> None:
    harness = slow_harness(finishes=True)
    body = await streamed(harness)
    let(harness, 1)
    patient = ShieldedBody(body)
    await anext(patient)

    with pytest.raises(KeyError):
        await patient.athrow(KeyError("thrown"))

    let(harness, len(WHOLE))
    await harness.detached_tasks.wait()
    assert len(harness.exact.entries) == 1
