"""The one place where two otherwise equal texts differ.

Never weighs what stands there; the rules do.
"""

from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token


class Gap(NamedTuple):
    """What each text has between the words that both begin and end with, and how many those are."""

    a: tuple[Token, ...]
    b: tuple[Token, ...]
    around: int


def gap(a: Analysis, b: Analysis) -> Gap:
    """The words between the longest common beginning and the longest common end after it."""
    left, right = _words(a), _words(b)
    most = min(len(left), len(right))
    start = 0
    while start < most and _is_same(left[start], right[start]):
        start += 1
    end = 0
    while end < most - start and _is_same(left[-1 - end], right[-1 - end]):
        end += 1
    return Gap(
        tuple(left[start : len(left) - end]), tuple(right[start : len(right) - end]), start + end
    )


def _is_same(one: Token, other: Token) -> bool:
    return one.stem == other.stem or {one.word, other.word} == {"a", "an"}


def _words(analysis: Analysis) -> list[Token]:
    return [token for token in analysis.tokens if token.kind is not Kind.MARK]
