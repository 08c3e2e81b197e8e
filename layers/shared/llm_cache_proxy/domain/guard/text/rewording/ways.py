"""The ways of asking that the lists of a language have."""

from functools import cache
from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.cleaning import without_accents
from llm_cache_proxy.domain.guard.words import lexicon

Words = tuple[str, ...]
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
LONGEST_BLOCK = 3
"""Words that say where, or open a question how, at most."""
_SETS = (
    *("object", "verbatim", "indefinite", "inverted"),
    *("particle", "place", "asks", "copula", "article", "reflexive"),
)


class Ways(NamedTuple):
    """The lists of one language, by their words without accents.

    `openings` and `phrases` lead to what stands for their line; `verbs` are forms of a request and
    what stands for them, "" where it is dropped; `particles` what parts from such a verb.
    """

    openings: dict[Words, Words]
    phrases: dict[Words, str]
    modals: tuple[Words, ...]
    wishes: tuple[Words, ...]
    verbs: dict[str, str]
    particles: dict[str, str]
    named: dict[str, frozenset[str]]


@cache
def ways_of(language: str) -> Ways:
    """The lists of a language."""
    openings: dict[Words, Words] = {}
    phrases: dict[Words, str] = {}
    verbs: dict[str, str] = {}
    particles: dict[str, str] = {}
    for line in lexicon.lines(language):
        title, _, members = line.partition(": ")
        words = [bare_of(word, language) for word in members.split()]
        if title == "open":
            openings.update((_parts(word), _parts(words[0])) for word in words)
        elif title == "same":
            phrases.update((_parts(word), words[0]) for word in words if "_" in word)
        elif title in {"verb", "give"}:
            for word in words:
                verb, _, particle = word.partition("*")
                verbs[verb] = words[0] if title == "verb" else ""
                if particle:
                    particles[verb] = particle
    named = lexicon.named(language)
    modals, wishes = (
        tuple(
            sorted((_parts(bare_of(word, language)) for word in named.get(title, ())), key=len)[
                ::-1
            ]
        )
        for title in ("modal", "wish")
    )
    sets = {
        title: frozenset(bare_of(word, language) for word in named.get(title, ()))
        for title in _SETS
    }
    openings = dict(sorted(openings.items(), key=lambda way: len(way[0]), reverse=True))
    return Ways(openings, phrases, modals, wishes, verbs, particles, sets)


def bare_of(word: str, language: str) -> str:
    """A word without accents, or as they are typed without them."""
    return without_accents(word.translate(_SPELT) if language == "de" else word)


def _parts(phrase: str) -> Words:
    return tuple(phrase.split("_"))
