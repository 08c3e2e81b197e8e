"""The owner of the semantic store: answers what the server's processes ask, from one open folder.

Decides which questions are still worth an answer: they are done one after another in the thread
that reads them, and none once its caller has gone. What would hold others up for long, as a
compaction would, is done in the store's thread.
"""

import asyncio
import logging
import socket
import sys
import time
from collections.abc import Callable, Coroutine

from llm_cache_proxy.adapters.vector_store.qdrant.collection import SWEPT_AT_ONCE
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import CollectionInUse
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.owned.answers import ANSWERS, Answer
from llm_cache_proxy.adapters.vector_store.qdrant.owned.connection import BROKEN
from llm_cache_proxy.adapters.vector_store.qdrant.owned.failures import failure_fields
from llm_cache_proxy.adapters.vector_store.qdrant.owned.frames import Frame, framed, read_frame
from llm_cache_proxy.adapters.vector_store.qdrant.owned.words import (
    integer_in,
    text_in,
)
from llm_cache_proxy.domain.errors import ProxyError, VectorStoreUnavailable
from llm_cache_proxy.domain.json_text import JsonObject

_LEAVING_SECONDS, _LOOK_SECONDS = 3.0, 0.1
_log = logging.getLogger(__name__)


class VectorsOwner:
    """Serves `store` to every connection, until it is closed."""

    def __init__(self, store: QdrantLocalVectors) -> None:
        self._store = store
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, listening: socket.socket) -> None:
        """Answer on the socket from now on."""
        if sys.version_info >= (3, 13):  # else asyncio would take the next owner's address away
            self._server = await asyncio.start_unix_server(
                self._served, sock=listening, cleanup_socket=False
            )
        else:
            self._server = await asyncio.start_unix_server(self._served, sock=listening)

    async def aclose(self) -> None:
        """Answer no more, and close the store."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._store.aclose()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the other end leaves."""
        connection = asyncio.current_task()
        assert connection is not None  # noqa: S101 - asyncio runs it as one
        self._kept(connection)
        try:
            while True:
                frame = await read_frame(reader)
                self._kept(asyncio.create_task(self._answer(frame, writer)))
        except BROKEN:
            pass
        except asyncio.CancelledError:  # the owner ends; before Python 3.12 asyncio would log it
            pass
        finally:
            writer.close()

    def _kept(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, frame: Frame, writer: asyncio.StreamWriter) -> None:
        fields: JsonObject
        numbers: list[float] = []
        try:
            fields, numbers = await self._done(frame)
        except ProxyError as exc:
            fields = failure_fields(exc)
        except Exception as exc:  # noqa: BLE001 - the caller gets it, and the next call is served
            _log.warning("the semantic store's process failed: %r", type(exc))
            fields = failure_fields(exc)
        if writer.is_closing():  # the caller has gone; uvloop raises where asyncio writes to nobody
            return
        try:
            writer.write(framed({**fields, "id": frame.fields.get("id")}, numbers))
            await writer.drain()
        except BROKEN:  # the caller has gone
            pass

    async def _done(self, frame: Frame) -> Answer:
        fields = frame.fields
        seconds = _seconds_left(fields)
        call = text_in(fields, "call")
        store = self._store.beside(text_in(fields, "collection"))
        if call == "check":
            return {"remark": await store.check()}, []
        if call == "open":
            await _once_free(self._store.open)
            return {}, []
        if call == "provision":
            dimensions = integer_in(fields, "dimensions")
            await _once_free(lambda: store.hold_to(dimensions))
            return {}, []
        answer = await store.perform(lambda held: ANSWERS[call](held, frame), seconds)
        if call == "purge" and integer_in(answer[0], "count") < SWEPT_AT_ONCE:
            self._kept(asyncio.create_task(_compact(store)))
        return answer


async def _once_free(opening: Callable[[], Coroutine[None, None, None]]) -> None:
    """Open the folder, for which an owner that is ending just now may have to be waited for."""
    until = time.monotonic() + _LEAVING_SECONDS
    while True:
        try:
            return await opening()
        except ProxyError as exc:
            in_use = any(isinstance(each, CollectionInUse) for each in (exc, exc.__cause__))
            if not in_use or time.monotonic() > until:
                raise
        await asyncio.sleep(_LOOK_SECONDS)


async def _compact(store: QdrantLocalVectors) -> None:
    began = time.monotonic()
    try:
        await store.compact()
    except VectorStoreUnavailable as exc:
        spent = time.monotonic() - began
        _log.warning("the embedded vectors were not compacted (%s), after %.1f s", exc, spent)


def _seconds_left(fields: JsonObject) -> float:
    """For which the caller still waits. Raises `VectorStoreUnavailable` where it has gone."""
    until = fields["until"]
    assert isinstance(until, int | float)  # noqa: S101 - our own question
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise VectorStoreUnavailable("the semantic store's process came to it too late")
    return seconds
