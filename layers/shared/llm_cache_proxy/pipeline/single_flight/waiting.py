"""A stream that begins before its answer is there: comments keep it alive until then."""

import asyncio
from collections.abc import AsyncGenerator

from llm_cache_proxy.domain.closable_body import LeavableBody
from llm_cache_proxy.domain.dialects.sse import data_event
from llm_cache_proxy.domain.errors import RequestRefused, UpstreamError
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.pipeline.request.exchange import Answer

KEEP_ALIVE = b": waiting\n\n"
"""A comment (WHATWG HTML, section 9.2.6): no client takes it for an event."""


class WaitingBody(LeavableBody):
    """The body of an answer that `coming` gives; closing it early gives the wait up."""

    def __init__(self, coming: "asyncio.Task[Answer]", keep_alive_seconds: float) -> None:
        self._coming = coming
        self._keep_alive_seconds = keep_alive_seconds
        self._told = self._pieces()

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next comment, or piece of the answer."""
        return await anext(self._told)

    async def aclose(self) -> None:
        """The client has left, or has all. Safe to repeat, begun or not."""
        await self._told.aclose()
        self._coming.cancel()
        [answer] = await asyncio.gather(self._coming, return_exceptions=True)
        if isinstance(answer, Answer) and not isinstance(answer.body, bytes):
            await answer.body.aclose()

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        while not self._coming.done():
            yield KEEP_ALIVE
            await asyncio.wait([self._coming], timeout=self._keep_alive_seconds)
        try:
            answer = self._coming.result()
        except UpstreamError as exc:
            yield _error_event(exc.message, "upstream_error", None, exc.code)
            return
        except RequestRefused as exc:  # by the client's key, now that the upstream is to be asked
            yield _error_event(exc.message, exc.error_type, exc.param, exc.code)
            return
        if not isinstance(answer.body, bytes):
            async for piece in answer.body:
                yield piece
        elif answer.content_type.startswith("text/event-stream"):
            yield answer.body
        else:  # an error that came as JSON, after the status had been sent
            yield data_event(" ".join(answer.body.decode("utf-8", "replace").split())).encode()


def _error_event(message: str, kind: str, param: str | None, code: str | None) -> bytes:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return data_event(compact_text({"error": error})).encode()
