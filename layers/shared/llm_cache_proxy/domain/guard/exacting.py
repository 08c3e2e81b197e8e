"""One word put for another, or added, in a text that is otherwise the same.

Speaks of texts in which every word counts (`Pair.is_exacting`) alone; elsewhere a single word is
as often a matter of taste.
"""

from llm_cache_proxy.domain.guard import lexicon
from llm_cache_proxy.domain.guard.pair import Pair
from llm_cache_proxy.domain.guard.tokens import Token

_WIDEST = 3
"""Words in the place that differs; more of them are a matter of alignment."""
_AROUND = 3
"""Words that both texts have around it, at least."""


def swapped(pair: Pair) -> str | None:
    """A word put for another in a text that is the same around it, where every word counts."""
    a, b, around = pair.gap
    if (
        not (a and b)
        or len(a) > _WIDEST
        or len(b) > _WIDEST
        or around < _AROUND
        or not pair.is_exacting
    ):
        return None
    left, right = _weighty(a, pair.only_a, pair), _weighty(b, pair.only_b, pair)
    if (pair.only_a or pair.only_b) and (left or right):
        return f"{' '.join(each.word for each in a)} and {' '.join(each.word for each in b)}"
    return None


def narrowed(pair: Pair) -> str | None:
    """A word that one text adds to the other, where every word counts."""
    a, b, around = pair.gap
    added = a or b
    if (a and b) or not 0 < len(added) <= _WIDEST or around < _AROUND or not pair.is_exacting:
        return None
    only = pair.only_a or pair.only_b
    if _weighty(added, only, pair):
        return f"{' '.join(token.word for token in added)} on one side only"
    return None


def _weighty(tokens: tuple[Token, ...], only: tuple[Token, ...], pair: Pair) -> bool:
    soft = lexicon.soft_stems()
    return any(
        token in only and token.stem not in soft and not _is_said_again(token, pair)
        for token in tokens
    )


def _is_said_again(token: Token, pair: Pair) -> bool:
    """Whether a word that both texts share says the same: "charge a fee" and "a fee"."""
    synonyms = lexicon.synonyms()
    groups = synonyms.get(token.stem, frozenset())
    shared = pair.a.content.keys() & pair.b.content.keys()
    return any(not groups.isdisjoint(synonyms.get(stem, frozenset())) for stem in shared)
