"""Facts about work whose client leaves."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from llm_cache_proxy.api.http.raw_requests import while_connected


def request(left: asyncio.Event) -> Request:
    """A request whose body has been read, and whose client leaves at `left`."""
    rest: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if rest:
            return rest.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def test_work_that_ends_first_gives_its_result() -> None:
    async def work() -> str:
        return "done"

    assert await while_connected(request(asyncio.Event()), work()) == "done"


async def test_work_that_fails_first_raises_its_error() -> None:
    async def work() -> str:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await while_connected(request(asyncio.Event()), work())


async def test_work_is_cancelled_when_the_client_leaves() -> None:
    left, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        try:
            left.set()
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return "done"

    assert await while_connected(request(left), work()) is None
    assert cancelled.is_set()
