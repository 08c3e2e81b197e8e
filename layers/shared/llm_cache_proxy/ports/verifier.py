"""A second opinion on two texts, for pairs that similarity and the guard cannot decide."""

from enum import StrEnum
from typing import NamedTuple, Protocol

from llm_cache_proxy.domain.record import record


class Kind(StrEnum):
    """What the two texts are: prompts that one answer may serve, or answers that may agree."""

    PROMPTS = "prompts"
    ANSWERS = "answers"


@record()
class Question:
    """Two texts without an order; `model` is the request's model."""

    kind: Kind
    a: str
    b: str
    model: str


class Ruling(NamedTuple):
    """Whether one answer serves both prompts (or both answers say the same), and what it cost.

    `model` is empty, and the tokens 0, where asking costs nothing.
    """

    approved: bool
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Verifier(Protocol):
    """Failure (`VerifierUnavailable`) means: not approved, and count it."""

    async def rule(self, question: Question) -> Ruling:
        """The verifier's word. Either text may say anything, also to the verifier."""
        ...

    async def aclose(self) -> None:
        """Release what was opened; the verifier is not used afterwards."""
        ...
