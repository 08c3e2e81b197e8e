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
def cancelled_at_sigterm() -> Iterator[None]:
    """Have SIGTERM cancel the current task, as SIGINT does, rather than end the process.

    So does the one that uvicorn took while it served, and raises again once it is done.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 - asyncio runs it as one
    former = signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(task.cancel))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
