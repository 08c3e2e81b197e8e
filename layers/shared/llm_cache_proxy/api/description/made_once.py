"""What takes long to make, and is made for all who ask while it is made, and after."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class MadeOnce(Generic[T]):
    """What `make` returns, which one thread runs; once made, it is answered without any.

    Those who ask while it is made hold no thread, and it is made to its end if they leave. What
    `make` raises is raised to each of them; the next who asks has it tried again.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: T | None = None
        self._making: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """What is made, now or earlier."""
        if self._made is not None:
            return self._made
        making = self._making
        # A task can be awaited in its own loop alone.
        if making is None or making.done() or making.get_loop() is not asyncio.get_running_loop():
            making = self._making = asyncio.create_task(self._make_in_thread())
        return await asyncio.shield(making)

    async def _make_in_thread(self) -> T:
        # Kept here, not by those who wait: the next may ask before the first of them goes on.
        self._made = made = await asyncio.to_thread(self._make)
        return made
