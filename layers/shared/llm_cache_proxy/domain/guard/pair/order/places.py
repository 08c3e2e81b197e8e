"""Where the shared words of two texts stand, and which preposition governs each.

Never parses: it sees runs of content words, the preposition before a run, and marks.
"""

from functools import cache
from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind
from llm_cache_proxy.domain.guard.words import lexicon

JOINTS = frozenset({"and", "or", "vs", "versus", ",", "&", "/", "with", "nor"})
_TIMES = frozenset({"before", "after"})
_ANYWHERE = frozenset({"today", "tomorrow", "yesterday", "tonight", "without"})
"""Words that may stand anywhere in a sentence, and a preposition that has content."""
_SUBJECTS = frozenset({"i", "you", "we", "he", "she", "it", "they"})
"""Who does what stands behind "before": "before I eat"."""
MOST_KEYS = 40
"""Shared words beyond which order is not compared, so that cost stays bounded."""


class Place(NamedTuple):
    """Where a shared word stands in one text.

    `at` is its position among the tokens, `role` the preposition that governs it ("" without one),
    `run` the position at which the unbroken run of content words begins that it belongs to.
    """

    at: int
    role: str
    run: int


Places = dict[str, Place]


def places(one: Analysis, other: Analysis, *, light: bool = False) -> Places:
    """Key of each word that `other` has as well → its place in `one`, but for repeated words.

    The keys are in the order of their places.
    """
    found: Places = {}
    repeated: set[str] = set()
    stems, synonyms = other.stems, lexicon.synonyms()
    for stem, place in _with_light_words(one) if light else _with_content(one):
        key: str | None = stem
        if stem not in stems:
            key = _said_otherwise(stem, other) if stem in synonyms else None
        if key is None:
            continue
        if key in found:
            repeated.add(key)
        found[key] = place
    for key in repeated:
        del found[key]
    return found


@once_a_text
def _with_content(analysis: Analysis) -> list[tuple[str, Place]]:
    return _content_runs(analysis, frozenset())


@once_a_text
def _with_light_words(analysis: Analysis) -> list[tuple[str, Place]]:
    return _content_runs(analysis, lexicon.light_stems())


def has_light_words(analysis: Analysis) -> bool:
    """Whether a text has words that may come and go."""
    return not lexicon.light_stems().isdisjoint(analysis.stems)


def _content_runs(analysis: Analysis, lights: frozenset[str]) -> list[tuple[str, Place]]:
    """The stems with content, and the `lights`, in order."""
    found: list[tuple[str, Place]] = []
    role, start, settled = "", -1, False
    content, prepositions = analysis.content, lexicon.word_set("preposition")
    determiners = _determiners()
    for at, (raw, word, stem, kind, capital, _) in enumerate(analysis.tokens):
        counts = stem in lights or (stem in content and word not in _ANYWHERE)
        # An adverb may stand anywhere: "slowly".
        if counts and not (word.endswith("ly") and kind == Kind.WORD and not capital):
            start = at if start < 0 else start
            governed = "of" if raw.endswith("'s") else role
            if role == "to" and not settled and at > start and not capital:
                governed = ""  # the object of an infinitive: "to reverse lists"
            found.append((stem, tuple.__new__(Place, (at, governed, start))))
            continue
        if start >= 0 and role == "to" and not settled:
            role = ""
        start = -1
        if word in prepositions:
            role, settled = word, False
        elif word in determiners or kind == Kind.NUMBER:  # "by the", "by three"
            settled = settled or bool(role)
        elif word not in JOINTS and not (role in _TIMES and word in _SUBJECTS):
            role = ""
    return found


@cache
def _determiners() -> frozenset[str]:
    """Words that stand between a preposition and its noun."""
    return lexicon.word_set("determiner") | lexicon.number_words().keys()


def _said_otherwise(stem: str, other: Analysis) -> str | None:
    """The key of a listed word that the other text says by another one; None where it does not."""
    synonyms = lexicon.synonyms()
    groups = synonyms[stem]
    said = [each for each in other.content if not groups.isdisjoint(synonyms.get(each, ()))]
    return "=".join(sorted((stem, min(said)))) if said else None
