"""How a server ends: at a signal, and not before what it has begun is over."""

import asyncio
import signal
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress


async def to_its_end(stopping: Awaitable[object]) -> None:
    """Wait for it, however often a signal comes meanwhile."""
    task = asyncio.ensure_future(stopping)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)


@contextmanager
def cancelled_at_signals() -> Iterator[None]:
    """Have SIGTERM and SIGINT cancel the current task, however often they come.

    asyncio breaks off at a second SIGINT wherever it is. So do the signals that uvicorn took while
    it served, and raises again once it is done.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - asyncio runs it as one

    def cancel(*_: object) -> None:
        loop.call_soon_threadsafe(task.cancel)

    former = {each: signal.signal(each, cancel) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)
