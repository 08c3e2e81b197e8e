"""The one place where two otherwise equal texts differ.

Never weighs what stands there; the rules do.
"""

from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token


class Gap(NamedTuple):
    """What each text has between the words that both begin and end with, and how many those are."""

    a: tuple[Token, ...]
    b: tuple[Token, ...]
    around: int


def gap(a: Analysis, b: Analysis) -> Gap:
    """The words between the longest common beginning and the longest common end after it."""
    left, right = words_apart(a), words_apart(b)
    most = min(len(left), len(right))
    start = 0
    while start < most and (
        left[start].stem == right[start].stem or _are_articles(left[start], right[start])
    ):
        start += 1
    end = 0
    while end < most - start and (
        left[-1 - end].stem == right[-1 - end].stem
        or _are_articles(left[-1 - end], right[-1 - end])
    ):
        end += 1
    return Gap(left[start : len(left) - end], right[start : len(right) - end], start + end)


def _are_articles(one: Token, other: Token) -> bool:
    return {one.word, other.word} == {"a", "an"}


@once_a_text
def words_apart(analysis: Analysis) -> tuple[Token, ...]:
    """The tokens of a text but for marks."""
    return tuple([token for token in analysis.tokens if token.kind is not Kind.MARK])
