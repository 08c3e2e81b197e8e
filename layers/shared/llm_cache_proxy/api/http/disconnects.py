"""Work that ends with the connection that asked for it."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from starlette.requests import Request

from llm_cache_proxy.domain.errors import InvalidRequest

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[None, None, T]) -> T:
    """What `work` gives; cancels it as soon as the client has left. Needs the body to be read.

    Raises InvalidRequest where the client left first: nobody reads that answer, but a log does.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise InvalidRequest("The client left before the answer was ready.", code="client_left")
    finally:
        leaving.cancel()
        working.cancel()
        await asyncio.gather(leaving, working, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
