"""Lays two analysed texts side by side: which words of one have no counterpart in the other.

Never decides; the rules do, over what is found here.
"""

from dataclasses import dataclass
from functools import cached_property

from llm_cache_proxy.domain.guard.alignment import unmatched
from llm_cache_proxy.domain.guard.analysis import Analysis
from llm_cache_proxy.domain.guard.tokens import Token


@dataclass(frozen=True)
class Pair:
    """Two analysed texts and their alignment."""

    a: Analysis
    b: Analysis

    @cached_property
    def _unmatched(self) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
        return unmatched(self.a, self.b)

    @property
    def both_tell(self) -> bool:
        """Whether both texts only state something."""
        return self.a.tells and self.b.tells

    @property
    def only_a(self) -> tuple[Token, ...]:
        """Content words of `a` without a counterpart in `b`."""
        return self._unmatched[0]

    @property
    def only_b(self) -> tuple[Token, ...]:
        """Content words of `b` without a counterpart in `a`."""
        return self._unmatched[1]
