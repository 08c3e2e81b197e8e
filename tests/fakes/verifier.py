"""A verifier that knows the truth, or fails on demand."""

from collections.abc import Awaitable, Callable

from llm_cache_proxy.domain.errors import VerifierUnavailable
from llm_cache_proxy.ports.verifier import Question, Ruling


class FakeVerifier:
    """Approves of the pairs that a test declares the same; remembers what it was asked."""

    before: Callable[[], Awaitable[object]] | None = None

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.away = False
        self._same: set[frozenset[str]] = set()

    def same(self, a: str, b: str) -> None:
        """One answer serves both."""
        self._same.add(frozenset((a, b)))

    async def rule(self, question: Question) -> Ruling:
        self.asked.append(question)
        if self.before is not None:
            await self.before()
        if self.away:
            raise VerifierUnavailable("the fake verifier is away")
        approved = frozenset((question.a, question.b)) in self._same
        return Ruling(approved, "small", 100, 1)

    async def aclose(self) -> None:
        """Nothing to release."""
