"""Differences inside a word: something invisible in it, or a prefix that is set apart from it.

The embedder sees neither: to it "un\u200bsafe" is "safe", and so is "un safe" nearly.
"""

import re
from functools import cache, lru_cache
from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.opposed.negation import negators
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

_MORE = frozenset({"in", "im"})
"""Prefixes that are a word, or stand for "I'm", as well."""

_AGAIN = frozenset({"re"})
"""Prefixes that count only where a hyphen makes another word of the two."""

_BOUND = frozenset({"de", "mal"})
"""Prefixes that are no English word by themselves."""
_AROUND = frozenset({"over", "under", "sub"})
"""Prefixes that are words as well, but for what stands before the last word of a sentence."""
_GIVEN = re.compile(r"..ed$|^(?:paid|fed|grown|done|taken|cooked|weight|optimal|standard)$")
_CLOSES = re.compile(r"\s*(?:$|[?.!,;:)])")
_CUT = re.compile(
    r"\b(?:(with)[\s-]{1,9}out\b(?! of\b)|(\w{3,})[\s-]{1,9}less(?=\s*(?:$|[?.!,;])))",
    re.IGNORECASE,
)
"""An end that a space cuts from its word; "less" is one at the end of a sentence alone."""

_LONG = 6
_QUALITY = re.compile(r".{3}(?:able|ible|ive|ent|ant)$")
"""The end of a word that "in-" negates, as in "in-terminable"."""


def _hidden(pair: Pair) -> str | None:
    if pair.a.hiding != pair.b.hiding and sorted(pair.a.hiding) != sorted(pair.b.hiding):
        return "something invisible inside a word"
    if pair.is_foreign:  # "un" is an article in many a language, and each word counts there
        return None
    for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
        found = _set_apart(one, other) or _cut_off(one, other) or _in_two_words(one, other)
        if found is not None:
            return found
    return None


def _cut_off(one: Analysis, other: Analysis) -> str | None:
    """An end that is set apart from its word: "harm less", "with out"."""
    if {"less", "out"}.isdisjoint(one.words) or not {"less", "out", "without"}.isdisjoint(
        other.words
    ):
        return None
    for match in _CUT.finditer(one.text):
        if match[1] is not None and "with" in other.words:
            return "without and with"
        word = (match[2] or "").casefold()
        if word in lexicon.word_set("without_any") and (
            not {stem(word), stem(word + "ful")}.isdisjoint(other.stems)
        ):
            return f"{word}less and {word}"
    return None


def _ends_with_it(text: str, match: re.Match[str]) -> bool:
    """Whether the word behind a prefix is one that it may belong to, and closes the sentence."""
    given = _GIVEN.search(match[3].casefold()) is not None
    return given and _CLOSES.match(text, match.end()) is not None


def _in_two_words(one: Analysis, other: Analysis) -> str | None:
    """A word that `other` has in two, which are others: "therapist", "the rapist"."""
    for word in lexicon.word_set("two_words").intersection(one.words):
        if word not in other.words and word in map("".join, pairwise(other.words)):
            return f"{word} in two words"
    return None


def _set_apart(one: Analysis, other: Analysis) -> str | None:
    """A prefix before a word that `other` has without any."""
    if "-" not in one.text and "\u2013" not in one.text and one.stems.isdisjoint(_set_off()):
        return None
    for prefix, word in _apart(one.text):
        joined = stem(prefix + word)
        if (prefix, word) in _apart(other.text):
            continue
        if joined in other.stems:
            if joined in _other_words():
                return f"{prefix}-{word} and {prefix}{word}"
            continue
        if prefix != "a" and (prefix, word) in pairwise(other.words):
            continue
        others = len(negators(one)) - (prefix in lexicon.classes()["negator"])
        if stem(word) in other.stems and len(negators(other)) <= others:
            return f"{prefix}{word} and {word}"
    return None


@lru_cache(maxsize=256)
def _apart(text: str) -> tuple[tuple[str, str], ...]:
    """The prefixes that a hyphen or a space parts from their word, each with the word."""
    found: list[tuple[str, str]] = []
    for match in _prefixes().finditer(text):
        if match[1].isupper() and not match[3].isupper():  # "UN troops"
            continue
        prefix, gap, word = (part.casefold() for part in match.groups())
        always = prefix in lexicon.word_set("prefix_apart")
        if word in lexicon.function_words() and not always:  # "over-the-counter", but "dis like"
            continue
        negates = (
            always
            or (prefix in _MORE and word in lexicon.word_set("in_word"))
            or (prefix in _BOUND and match[3].islower())
            or (prefix == "ab" and word.startswith("normal"))
            or (prefix in _AROUND and _ends_with_it(text, match))
        )
        if prefix == "a" and len(word) < _LONG:  # "A-level"
            continue
        if prefix in _AGAIN and stem(prefix + word) not in _other_words():
            continue
        if negates or ("-" in gap and (prefix not in _MORE or _QUALITY.search(word))):
            found.append((prefix, word))
    return tuple(found)


@cache
def _set_off() -> frozenset[str]:
    """Words one of which is there wherever a prefix is set apart without a hyphen."""
    listed = lexicon.word_set("prefix_apart") | _BOUND | _AROUND | {"ab"}
    return listed | frozenset(map(stem, lexicon.word_set("in_word")))


@cache
def _other_words() -> frozenset[str]:
    """Stems that are another word without the hyphen behind their prefix: "re-sign", "resign"."""
    return frozenset(map(stem, lexicon.word_set("hyphen_parts")))


@cache
def _prefixes() -> re.Pattern[str]:
    listed = lexicon.word_set("prefix_joined") | lexicon.word_set("prefix_hyphened") | _AGAIN
    prefixes = "|".join(sorted(listed))
    return re.compile(
        rf"(?<![\w-])({prefixes})(\s?[-\u2013]\s?|[\"'/)*_.]{{1,2}}|\s{{1,9}})([a-z]{{3,}})",
        re.IGNORECASE,
    )


HIDDEN = Rule(
    name="hidden",
    looks_at="something invisible inside a word, and prefixes set apart from their word",
    vetoes=(
        ("Is it un wise to go?", "Is it wise to go?"),
        ("Is it un\u200bwise to go?", "Is it wise to go?"),
        ("Is the list in-complete?", "Is the list complete?"),
        ("Has the striker re-signed?", "Has the striker resigned?"),
        ("Is smoking harm less?", "Is smoking harmful?"),
        ("Is he a therapist?", "Is he the rapist?"),
        ("Is the alarm de activated?", "Is the alarm activated?"),
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
