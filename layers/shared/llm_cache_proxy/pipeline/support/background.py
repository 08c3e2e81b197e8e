"""Work that a request leaves behind: it runs beside what comes next, and fails nobody.

Where nothing runs after an answer (a function is frozen then), the answer's end waits for it.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine

_log = logging.getLogger(__name__)

Work = Callable[[], Coroutine[None, None, None]]


class Background:
    """At most `most` pieces of work at once."""

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Work) -> bool:
        """Begin `work`; False, and nothing begun, where enough is under way."""
        if len(self._running) >= self._most:
            return False
        task = asyncio.get_running_loop().create_task(work())
        self._running.add(task)
        task.add_done_callback(self._ended)
        return True

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._running:
            await asyncio.wait(self._running)

    async def drained(self, within_seconds: float) -> None:
        """The same for so long; what is not done by then is given up."""
        try:
            async with asyncio.timeout(within_seconds):
                await self.settled()
        except TimeoutError:
            for task in self._running:
                task.cancel()
            await self.settled()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            # Nobody waits for this work, so that nobody but the log can hear of its failure.
            _log.error("work in the background failed", exc_info=fault)
