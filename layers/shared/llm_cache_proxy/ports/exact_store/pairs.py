"""What is remembered of pairs of prompts: feedback, verdicts, and how samples turned out.

Kept by the exact tier's stores, so that it holds for every instance. A tenant's alone.
"""

from collections.abc import Sequence
from typing import Protocol

from llm_cache_proxy.domain.record import record


@record()
class Standing:
    """How far a tenant's semantic hits are trusted.

    `raised_threshold` is the least similarity that shadow samples have left, 0 where they have
    raised nothing. `samples` and `wrong` are counted since it was last changed. `barred` is the
    number of pairs that feedback has barred.
    """

    raised_threshold: float = 0.0
    samples: int = 0
    wrong: int = 0
    barred: int = 0


class PairMemory(Protocol):
    """Failure (`ExactStoreUnavailable`) means: nothing is known of the pair, and count it."""

    async def bar(self, tenant: str, pair: str) -> bool:
        """Never match this pair again; whether that is new. No clear takes it back."""
        ...

    async def unbar(self, tenant: str, pair: str) -> bool:
        """Forget that the pair was barred; whether it was."""
        ...

    async def verdicts(self, tenant: str, pairs: Sequence[str]) -> Sequence[bool | None]:
        """For each pair whether a verifier has approved of it; None where none is remembered."""
        ...

    async def remember(self, tenant: str, pair: str, *, approved: bool, ttl_seconds: int) -> None:
        """Keep a verifier's verdict on the pair for `ttl_seconds`."""
        ...

    async def sampled(self, tenant: str, *, wrong: bool) -> Standing:
        """Count one shadow sample; what the tenant's samples now come to."""
        ...

    async def set_threshold(self, tenant: str, threshold: float, *, before: float) -> bool:
        """Put the raised threshold in the place of `before` and begin counting samples anew.

        False, and nothing done, where it is no longer `before`: another instance was quicker.
        """
        ...

    async def standing(self, tenant: str) -> Standing:
        """What holds for the tenant now."""
        ...
