"""Facts about a streamed answer and the client it goes to."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.types import Message

from llm_cache_proxy.api.http.answers import RelayedResponse

SCOPE = {"type": "http", "method": "POST", "headers": []}


class Body:
    """A piece, and then silence; `closed` once nothing more is wanted."""

    def __init__(self) -> None:
        self.closed = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b"a piece"
            await asyncio.Event().wait()
        finally:
            self.closed = True


class Client:
    """Takes what is sent; has `news` once it has got the head."""

    def __init__(self, news: Message | OSError) -> None:
        self._news = news
        self._begun = asyncio.Event()

    async def send(self, message: Message) -> None:  # noqa: ARG002 (any will do)
        self._begun.set()

    async def receive(self) -> Message:
        await self._begun.wait()
        if isinstance(self._news, OSError):
            raise self._news
        return self._news


async def test_the_body_is_closed_when_the_client_leaves() -> None:
    body, client = Body(), Client({"type": "http.disconnect"})

    await RelayedResponse(body.pieces(), 200)(SCOPE, client.receive, client.send)

    assert body.closed


async def test_a_connection_that_cannot_be_listened_to_is_a_failure() -> None:
    body, client = Body(), Client(OSError("the connection is broken"))

    with pytest.raises(OSError, match="broken"):
        await RelayedResponse(body.pieces(), 200)(SCOPE, client.receive, client.send)

    assert body.closed
