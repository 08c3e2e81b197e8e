"""A connection to the owner of the semantic store, which carries many calls at once.

Made on first use, and again after it broke. Never waits longer than the caller does: an answer that
comes too late is dropped.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

from llm_cache_proxy.adapters.vector_store.qdrant.owned.failures import failure_in
from llm_cache_proxy.adapters.vector_store.qdrant.owned.frames import (
    Frame,
    MalformedFrame,
    framed,
    read_frame,
)
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.domain.json_text import JsonObject

BROKEN = (OSError, EOFError, MalformedFrame)
"""The errors of reading from, and writing to, an owner that has gone."""


class OwnerConnection:
    """To the owner that listens at `address`, a Unix domain socket."""

    def __init__(self, address: Path) -> None:
        self._address = address
        self._link: _Link | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, fields: JsonObject, numbers: Iterable[float] = ()) -> Frame:
        """The owner's answer; raises the failure that it tells of, or `VectorStoreUnavailable`."""
        try:
            answer = await (await self._connected()).ask(fields, numbers)
        except BROKEN as exc:
            raise VectorStoreUnavailable(
                f"the semantic store's process does not answer: {type(exc).__name__}"
            ) from exc
        if (failure := failure_in(answer.fields)) is not None:
            raise failure
        return answer

    async def aclose(self) -> None:
        """Close it."""
        if self._link is not None:
            await self._link.aclose()
            self._link = None

    async def _connected(self) -> "_Link":
        async with self._connecting:
            if self._link is None or self._link.is_broken:
                await self.aclose()
                self._link = _Link(*await asyncio.open_unix_connection(self._address))
            return self._link


class _Link:
    """One connection while it lasts."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ids = count()
        self._waiting: dict[object, asyncio.Future[Frame]] = {}
        self._reading = asyncio.create_task(self._read())

    @property
    def is_broken(self) -> bool:
        """Whether no answer comes any more: that is so before the reader has been told."""
        return self._reading.done() or self._writer.is_closing()

    async def ask(self, fields: JsonObject, numbers: Iterable[float]) -> Frame:
        """The answer; raises one of `BROKEN` where none can come."""
        if self.is_broken:
            raise ConnectionResetError
        name = next(self._ids)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[name] = answer
        try:
            self._writer.write(framed({**fields, "id": name}, numbers))
            await self._writer.drain()
            return await answer
        finally:
            self._waiting.pop(name, None)

    async def aclose(self) -> None:
        """Close it; calls that still wait fail."""
        self._reading.cancel()
        await asyncio.wait([self._reading])
        with suppress(*BROKEN):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        failure: BaseException = ConnectionResetError()
        try:
            while True:
                frame = await read_frame(self._reader)
                answer = self._waiting.get(frame.fields.get("id"))
                if answer is not None and not answer.done():
                    answer.set_result(frame)
        except BROKEN as exc:
            failure = exc
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(failure)
            self._writer.close()
