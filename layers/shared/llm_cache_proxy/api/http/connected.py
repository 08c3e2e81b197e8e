"""Work that ends with its client: nothing is begun to be sent yet, and nobody waits any more."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from starlette.requests import Request

T = TypeVar("T")

CLIENT_LEFT = 499
"""The status of an answer that nobody gets, as nginx and others log it."""


async def while_connected(request: Request, work: Coroutine[None, None, T]) -> T | None:
    """What `work` gives; None where the client leaves first, which cancels it."""
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None
    finally:
        left.cancel()
        task.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
