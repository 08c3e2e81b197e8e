"""An upstream's answer as it arrives, and what a broken one is called.

Never ends quietly where the answer was cut, and never keeps a connection after it failed, ended
or was closed. Its messages go to clients: they name the upstream, not its address.
"""

import asyncio
import math
from typing import TYPE_CHECKING, cast

import httpx

from llm_cache_proxy.domain.closable_body import LeavableBody
from llm_cache_proxy.domain.errors import (
    UpstreamError,
    UpstreamTimedOut,
    UpstreamUnreachable,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class ReplyBody(LeavableBody):
    """The decoded bytes of one answer; raises UpstreamUnreachable or UpstreamTimedOut if cut.

    `ends_at` is the loop's time at which the whole answer must be here.
    """

    def __init__(
        self,
        response: httpx.Response,
        *,
        upstream: str,
        idle_seconds: float,
        ends_at: float = math.inf,
    ) -> None:
        self._response = response
        self._upstream = upstream
        self._idle_seconds = idle_seconds
        self._ends_at = ends_at
        # httpx says iterator; it is a generator, which can be closed.
        self._chunks = cast("AsyncGenerator[bytes, None]", response.aiter_bytes())
        self._first = b""
        self._closed = False

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next bytes."""
        if self._first:
            first, self._first = self._first, b""
            return first
        idle_until = asyncio.get_running_loop().time() + self._idle_seconds
        return await self._next(min(idle_until, self._ends_at))

    async def wait_for_first(self, before: float) -> None:
        """Wait until a byte is here, or the end; it stays the first that is read."""
        try:
            self._first = await self._next(before)
        except StopAsyncIteration:
            return

    async def aclose(self) -> None:
        """Give up what has not been read: the call is cancelled. Safe to repeat."""
        if not self._closed:
            self._closed = True
            self._first = b""
            await self._response.aclose()
            await self._chunks.aclose()

    async def _next(self, before: float) -> bytes:
        if self._closed:
            raise StopAsyncIteration
        try:
            async with asyncio.timeout_at(before):
                chunk = b""
                while not chunk:
                    chunk = await anext(self._chunks)
                return chunk
        except TimeoutError as exc:
            await self.aclose()
            raise UpstreamTimedOut(
                f"The upstream '{self._upstream}' stopped answering.", upstream=self._upstream
            ) from exc
        except (httpx.HTTPError, httpx.StreamError) as exc:
            await self.aclose()
            raise translated(exc, self._upstream) from exc
        except BaseException:
            # The end, or a cancelled reader: nobody reads on.
            await self.aclose()
            raise


def translated(exc: Exception, upstream: str) -> UpstreamError:
    """Our name for httpx's error."""
    if isinstance(exc, httpx.ConnectTimeout | httpx.PoolTimeout):
        return UpstreamUnreachable(
            f"The upstream '{upstream}' could not be connected to in time.", upstream=upstream
        )
    if isinstance(exc, httpx.TimeoutException):
        return UpstreamTimedOut(
            f"The upstream '{upstream}' did not answer in time.", upstream=upstream
        )
    if isinstance(exc, httpx.ConnectError):
        return UpstreamUnreachable(
            f"The upstream '{upstream}' cannot be connected to.", upstream=upstream
        )
    if isinstance(exc, httpx.NetworkError | httpx.RemoteProtocolError | httpx.DecodingError):
        return UpstreamUnreachable(
            f"The upstream '{upstream}' broke off, or answered in no valid HTTP.",
            upstream=upstream,
        )
    return UpstreamError(f"The upstream '{upstream}' cannot be asked this.", upstream=upstream)
