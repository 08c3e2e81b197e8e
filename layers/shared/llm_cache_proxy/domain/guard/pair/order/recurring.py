"""Words that recur in a text and stand in another order in the other one."""

from collections import Counter

from llm_cache_proxy.domain.guard.pair.order.runs import (
    in_other_order,
    is_same,
    repeats_content,
    trimmed,
    words_with_content,
)
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Token


def reordered(a: Analysis, b: Analysis) -> str | None:
    """How words with content that recur stand in another order among other small words."""
    left, right = words_with_content(a), words_with_content(b)
    if len(left) != len(right):
        return None
    recurs = _says_again(a) or _says_again(b)
    if not (recurs and repeats_content(left + right, 2)):
        return None
    if not is_same(left, right):
        return _said_again(left, right)
    if _is_passive(a) or _is_passive(b):
        return None
    left, right = trimmed(left, right)
    return in_other_order(left, right)


def _said_again(left: list[Token], right: list[Token]) -> str | None:
    """A word that one text says again where the other says another of its words again."""
    if {token.stem for token in left} != {token.stem for token in right}:
        return None
    counts, others = (Counter(token.stem for token in words) for words in (left, right))
    return f"{min(counts - others)} and {min(others - counts)} are said again"


def _is_passive(analysis: Analysis) -> bool:
    return "by" in analysis.words


@once_a_text
def _says_again(analysis: Analysis) -> bool:
    """Whether the text has a word with content twice."""
    return repeats_content(words_with_content(analysis), 1)
