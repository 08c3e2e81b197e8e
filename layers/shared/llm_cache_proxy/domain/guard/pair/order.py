"""Where the shared words of two texts stand, and which preposition governs each.

Never parses: it sees runs of content words, the preposition before a run, and marks.
"""

from dataclasses import dataclass
from functools import cache

from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

JOINTS = frozenset({"and", "or", "vs", "versus", ",", "&", "/", "with", "nor"})
_TIMES = frozenset({"before", "after"})
MOST_KEYS = 40
"""Shared words beyond which order is not compared, so that cost stays bounded."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shared word stands in one text.

    `at` is its position among the tokens, `role` the preposition that governs it ("" without one),
    `run` the positions of the unbroken run of content words it belongs to.
    """

    at: int
    role: str
    run: range


Places = dict[str, Place]


def places(one: Analysis, other: Analysis, *, light: bool = False) -> Places:
    """Key of each word that `other` has as well → its place in `one`, but for repeated words."""
    found: Places = {}
    repeated: set[str] = set()
    for at, role, run in _content_runs(one, light=light):
        key = _key(one.tokens[at], other)
        if key is None:
            continue
        if key in found:
            repeated.add(key)
        found[key] = Place(at, role, run)
    return {key: place for key, place in found.items() if key not in repeated}


def _content_runs(analysis: Analysis, *, light: bool) -> list[tuple[int, str, range]]:
    found: list[tuple[int, str, range]] = []
    role, start, settled = "", -1, False
    content, anywhere, prepositions = analysis.content, _anywhere(), lexicon.word_set("preposition")
    lights = lexicon.light_stems() if light else frozenset()
    for at, token in enumerate(analysis.tokens):
        counts = token.stem in lights or (token.stem in content and token.word not in anywhere)
        if counts and not _is_adverb(token):
            start = at if start < 0 else start
            governed = "of" if token.raw.endswith("'s") else role
            if role == "to" and not settled and at > start and not token.capital:
                governed = ""  # the object of an infinitive: "to reverse lists"
            found.append((at, governed, range(start, at + 1)))
            continue
        if start >= 0 and role == "to" and not settled:
            role = ""
        start = -1
        if token.word in prepositions:
            role, settled = token.word, False
        elif _determines(token):
            settled = settled or bool(role)
        elif token.word not in JOINTS and not (role in _TIMES and token.word in _subjects()):
            role = ""
    return found


def _is_adverb(token: Token) -> bool:
    """Whether the word may stand anywhere: "slowly"."""
    return token.word.endswith("ly") and token.kind is Kind.WORD and not token.capital


def _determines(token: Token) -> bool:
    """Whether the word stands between a preposition and its noun: "by the", "by three"."""
    return token.kind is Kind.NUMBER or token.word in _determiners()


@cache
def _determiners() -> frozenset[str]:
    return lexicon.word_set("determiner") | lexicon.number_words().keys()


@cache
def _anywhere() -> frozenset[str]:
    """Words that may stand anywhere in a sentence, and a preposition that has content."""
    return frozenset({"today", "tomorrow", "yesterday", "tonight", "without"})


@cache
def _subjects() -> frozenset[str]:
    """Who does what stands behind "before": "before I eat"."""
    return frozenset({"i", "you", "we", "he", "she", "it", "they"})


def _key(token: Token, other: Analysis) -> str | None:
    if token.stem in other.stems:
        return token.stem
    groups = lexicon.synonyms().get(token.stem, frozenset())
    for stem in sorted(other.content):
        shared = groups & lexicon.synonyms().get(stem, frozenset())
        if shared:
            return "=".join(sorted((token.stem, stem)))
    return None
