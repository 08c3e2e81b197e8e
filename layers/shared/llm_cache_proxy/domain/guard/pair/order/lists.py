"""Rows of words that commas part, whose members may stand in any order."""

from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.order.runs import repeats_content, trimmed
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_JOINTS = frozenset({"and", "or"})


def is_list(one: Analysis, words: list[Token], others: list[Token]) -> bool:
    """Whether commas part the words that change places, and no place in a row is asked for."""
    if "," not in one.text or not lexicon.word_set("in_a_row").isdisjoint(one.words):
        return False
    if not lexicon.word_set("by_marks").isdisjoint(one.words) or _lists(one) > 1:
        return False  # "Reverse pear, fig", "Give Ann, Bob and Cy pears, figs and plums"
    moved, _ = trimmed(words, others)
    inside, parted = False, len(moved) > 1 and not repeats_content(moved, 1)
    for token, after in pairwise(one.plain):
        inside = (inside or token is moved[0]) and token is not moved[-1] if moved else False
        if inside and token.kind is not Kind.MARK:
            parted = parted and (after.raw == "," or {token.word, after.word} & _JOINTS != set())
    return parted


def _lists(analysis: Analysis) -> int:
    """How many rows of words there are between which commas stand."""
    found, inside, is_parted = 0, False, False
    for token in analysis.plain:
        if token.kind is Kind.MARK:
            found += token.raw == "," and not inside
            inside = inside or token.raw == ","
            is_parted = True
        else:
            inside = inside and (is_parted or token.word in _JOINTS)
            is_parted = token.word in _JOINTS
    return found
