"""Tasks that outlive their request: bounded in time, and never a failure of the next request.

After a client disconnects, its stream is cancelled at once, or finished in the background.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine

from llm_cache_proxy.domain.closable_body import ClosableBody

_log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[object, object, None]]


class TaskSet:
    """Tasks under way, held until they end; the log reports what fails."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Begin `work`."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def wait(self) -> None:
        """Wait until nothing is under way."""
        while self._running:
            await asyncio.wait(self._running)

    async def cancel(self) -> None:
        """Cancel everything under way."""
        for task in self._running:
            task.cancel()
        await self.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("work in the background failed", exc_info=fault)


class Background:
    """At most `most` pieces of work at once."""

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._tasks = TaskSet()

    def start(self, work: Work) -> bool:
        """Begin `work`; False if enough is under way, and nothing begins."""
        if len(self._tasks) >= self._most:
            return False
        self._tasks.start(work())
        return True

    async def at_once(self, work: Work) -> None:
        """Do `work` now, however much is under way; the log reports what fails, as of any other.

        If the wait is cancelled, so is the work, and it has ended when this returns.
        """
        # Unlike `asyncio.wait`, it cancels what it waits for, and then waits on.
        await asyncio.gather(self._tasks.start(work()), return_exceptions=True)

    async def wait(self) -> None:
        """Wait until nothing is under way."""
        await self._tasks.wait()

    async def wait_at_most(self, within_seconds: float) -> None:
        """As `wait`, for a limited time; unfinished work is cancelled."""
        try:
            async with asyncio.timeout(within_seconds):
                await self.wait()
        except TimeoutError:
            await self._tasks.cancel()


class ShieldedBody(ClosableBody):
    """A body that goes on reading its next piece when the reader is cancelled."""

    def __init__(self, body: AsyncGenerator[bytes, None]) -> None:
        self._body = body
        self._next: asyncio.Task[bytes | None] | None = None

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next piece, or the one that a cancelled reader waited for."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._read())
        piece = await asyncio.shield(self._next)
        self._next = None
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Cancel the rest of the body."""
        if self._next is not None:
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)
        await self._body.aclose()

    async def _read(self) -> bytes | None:
        return await anext(self._body, None)


class DetachedTasks:
    """Work that goes on after its client has left: streams, if `finishes`, and running steps.

    `limit_seconds` bounds a stream that is read to its end.
    """

    def __init__(self, *, finishes: bool = False, limit_seconds: float = 120.0) -> None:
        self.finishes = finishes
        self._limit_seconds = limit_seconds
        self._tasks = TaskSet()

    async def through(self, work: Coroutine[object, object, None]) -> None:
        """Wait for `work`; if the wait is cancelled, the work goes on."""
        await asyncio.shield(self._tasks.start(work))

    def behind(self, work: Coroutine[object, object, None]) -> None:
        """Do `work` without a client; cancelled after `limit_seconds`."""
        self._tasks.start(self._bounded(work))

    async def wait(self) -> None:
        """Wait for all of it."""
        await self._tasks.wait()

    async def aclose(self) -> None:
        """Cancel all of it."""
        await self._tasks.cancel()

    async def _bounded(self, work: Coroutine[object, object, None]) -> None:
        try:
            async with asyncio.timeout(self._limit_seconds):
                await work
        except TimeoutError:
            return
