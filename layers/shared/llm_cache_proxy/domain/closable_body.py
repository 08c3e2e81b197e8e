"""Bodies that must be told when their reader leaves, even before the first piece.

A generator that was never started does not clean up; these do.
"""

from abc import abstractmethod
from collections.abc import AsyncGenerator
from types import TracebackType


class ClosableBody(AsyncGenerator[bytes, None]):
    """What all of them share: an error thrown in closes them first."""

    @abstractmethod
    async def aclose(self) -> None:
        """The reader has left, or has all. Safe to repeat, begun or not."""

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
