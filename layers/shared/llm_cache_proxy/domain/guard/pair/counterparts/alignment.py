"""Finds the content words of each text that the other text has no counterpart for.

A counterpart has the same stem, a common synonym group, a common root, or is the same word
misspelt or joined. Opposites are never counterparts.
"""

from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.counterparts.likeness import (
    are_opposites,
    same_root,
    same_word_misspelt,
)
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

MANY = 24
"""Unmatched words from which on nothing finer is tried, so that cost stays bounded."""


def unmatched(a: Analysis, b: Analysis) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """The content tokens of `a` and of `b` that have no counterpart in the other."""
    only_a = _without_synonyms(a, b)
    only_b = _without_synonyms(b, a)
    if len(only_a) + len(only_b) > MANY:
        return tuple(only_a), tuple(only_b)
    left = _without_likeness(only_a, b)
    right = _without_likeness(only_b, a)
    left = [
        token for token in left if not _is_joined(token, b) and not _is_initials(token, b, right)
    ]
    right = [
        token for token in right if not _is_joined(token, a) and not _is_initials(token, a, left)
    ]
    left = [token for token in left if not _is_part(token, a, b)]
    right = [token for token in right if not _is_part(token, b, a)]
    return tuple(left), tuple(right)


def _without_synonyms(one: Analysis, other: Analysis) -> list[Token]:
    """Content words of `one` that `other` neither has nor says by another word of its own."""
    lacking = [(stem, token) for stem, token in one.content.items() if stem not in other.stems]
    if not lacking:
        return []
    synonyms = lexicon.synonyms()
    offered: set[int] = set()
    for stem in other.stems - one.stems | (other.content.keys() - one.content.keys()):
        offered.update(synonyms.get(stem, ()))
    lacking = [item for item in lacking if not ("_" in item[0] and _has_parts(item[0], other))]
    return [token for stem, token in lacking if synonyms.get(stem, frozenset()).isdisjoint(offered)]


def _has_parts(stem: str, other: Analysis) -> bool:
    """Whether a phrase is there word by word: "police officer" in "officer of the police"."""
    return other.stems.issuperset(stem.split("_"))


def _without_likeness(tokens: list[Token], other: Analysis) -> list[Token]:
    """Those that are no word of `other` with another ending or a slip of the pen."""
    if not tokens:
        return tokens
    words = _by_letter(other)
    return [token for token in tokens if not _has_likeness(token, words.get(token.word[0], []))]


def _has_likeness(token: Token, candidates: list[Token]) -> bool:
    if token.kind is not Kind.WORD:
        return False
    stem = token.stem
    for candidate in candidates:
        likeness = same_root(stem, candidate.stem) or same_word_misspelt(token, candidate)
        if likeness and not are_opposites(stem, candidate.stem):
            return True
    return False


@once_a_text
def _by_letter(analysis: Analysis) -> dict[str, list[Token]]:
    """The words by their first letter."""
    found: dict[str, list[Token]] = {}
    for token in analysis.tokens:
        if token.kind is Kind.WORD:
            found.setdefault(token.word[0], []).append(token)
    return found


def _is_joined(token: Token, other: Analysis) -> bool:
    """Whether `other` writes the word as two: "backyard", "back yard"."""
    return token.word in _joined_words(other)


@once_a_text
def _joined_words(analysis: Analysis) -> frozenset[str]:
    """Each word with the next one as one."""
    return frozenset([first + second for first, second in pairwise(analysis.words)])


def _is_part(token: Token, one: Analysis, other: Analysis) -> bool:
    """Whether the word and its neighbour in `one` are a single word in `other`."""
    word, words = token.word, one.words
    at = words.index(word) if word in words else -1
    if at < 0:
        return False
    joined = {"".join(words[at : at + 2]), "".join(words[max(at - 1, 0) : at + 1])}
    return not joined.isdisjoint(other.words)


def _is_initials(token: Token, other: Analysis, rest: list[Token]) -> bool:
    """Whether the token is an acronym of consecutive words of `other`."""
    letters = token.word
    if not (token.raw.isupper() and letters.isalpha()) or not 2 <= len(letters) <= 6:  # noqa: PLR2004 - usual acronyms
        return False
    size = len(letters)
    initials = "".join(word[0] for word in other.words)
    at = initials.find(letters)
    if at < 0:
        return False
    spelled = set(other.words[at : at + size])
    rest[:] = [candidate for candidate in rest if candidate.word not in spelled]
    return True
