"""Async bodies whose `aclose()` cleans up even before the first read.

A generator that was never started does not clean up; these do.
"""

from abc import abstractmethod
from collections.abc import AsyncGenerator
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
