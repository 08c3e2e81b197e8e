"""Async bodies whose `aclose()` cleans up even before the first read.

A generator that was never started does not clean up; these do.
"""

from abc import abstractmethod
from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType


class ClosableBody(AsyncGenerator[bytes, None]):
    """An async body; an error that is thrown in closes it first."""

    @abstractmethod
    async def aclose(self) -> None:
        """End the body, read or not. Safe to repeat."""

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: object = None,
        tb: TracebackType | None = None,
        /,
    ) -> bytes:
        """Give up the rest, and raise what was thrown."""
        await self.aclose()
        error = typ if isinstance(typ, BaseException) else typ(*(() if val is None else (val,)))
        raise error.with_traceback(tb)


async def bounded_body(body: AsyncGenerator[bytes, None], most_bytes: int) -> bytes:
    """The first `most_bytes` of `body`, or all of it; the body is closed in either case."""
    held = bytearray()
    async with aclosing(body) as pieces:
        async for piece in pieces:
            held += piece
            if len(held) >= most_bytes:
                break
    return bytes(held[:most_bytes])
