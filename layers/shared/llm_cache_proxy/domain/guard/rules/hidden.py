"""Differences inside a word: something invisible in it, or a prefix that is set apart from it.

The embedder sees neither: to it "un\u200bsafe" is "safe", and so is "un safe" nearly.
"""

import re
from functools import cache

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem


def _hidden(pair: Pair) -> str | None:
    if sorted(pair.a.hiding) != sorted(pair.b.hiding):
        return "something invisible inside a word"
    return _set_apart(pair.a, pair.b) or _set_apart(pair.b, pair.a)


def _set_apart(one: Analysis, other: Analysis) -> str | None:
    """A prefix before a word that `other` has without any."""
    for prefix, word in _apart(one.text):
        joined = stem(prefix + word)
        if joined in other.stems or (prefix, word) in _apart(other.text):
            continue
        if stem(word) in other.stems and "negator" not in other.classes:
            return f"{prefix}{word} and {word}"
    return None


def _apart(text: str) -> list[tuple[str, str]]:
    """The prefixes that a hyphen or a space parts from their word, each with the word."""
    found: list[tuple[str, str]] = []
    for match in _prefixes().finditer(text):
        if match[1].isupper() and not match[3].isupper():  # "UN troops"
            continue
        prefix, gap, word = (part.casefold() for part in match.groups())
        negates = prefix in lexicon.word_set("prefix_apart") or word in lexicon.word_set("in_word")
        if negates or ("-" in gap and prefix not in {"in", "im"}):
            found.append((prefix, word))
    return found


@cache
def _prefixes() -> re.Pattern[str]:
    prefixes = "|".join(sorted(lexicon.word_set("prefix_joined")))
    return re.compile(rf"\b({prefixes})([ ]?-[ ]?|[ ]{{1,2}})([a-z]{{3,}})", re.IGNORECASE)


HIDDEN = Rule(
    name="hidden",
    looks_at="something invisible inside a word, and prefixes set apart from their word",
    vetoes=(
        ("Is it un wise to go?", "Is it wise to go?"),
        ("Is it un\u200bwise to go?", "Is it wise to go?"),
        ("Is the list in-complete?", "Is the list complete?"),
        ("Why is the wire un\u00adeven?", "Why is the wire uneven?"),
    ),
    passes=(
        ("Is it wise to go?\u200b", "Is it wise to go?"),
        ("Is it un-wise to go?", "Is it unwise to go?"),
        ("Is it un\u200bwise to go?", "is it un\u200bwise to go"),
    ),
    check=_hidden,
    any_language=True,
)
