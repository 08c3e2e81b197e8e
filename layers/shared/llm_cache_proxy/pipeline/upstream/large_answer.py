"""An answer that is too large to hold: passed on in pieces as it comes, and not stored."""

from collections.abc import AsyncGenerator, Callable

from llm_cache_proxy.domain.closable_body import ClosableBody


class LargeAnswer(ClosableBody):
    """The pieces that were read already, then the rest; `ended` is called once, however it ends."""

    def __init__(
        self, begun: bytes, rest: AsyncGenerator[bytes, None], ended: Callable[[], None]
    ) -> None:
        self._begun = begun
        self._rest = rest
        self._ended = ended
        self._is_over = False

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next piece."""
        if self._begun:
            begun, self._begun = self._begun, b""
            return begun
        try:
            return await anext(self._rest)
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Cancel what has not been read. Safe to repeat."""
        self._begun = b""
        if not self._is_over:
            self._is_over = True
            self._ended()
            await self._rest.aclose()
