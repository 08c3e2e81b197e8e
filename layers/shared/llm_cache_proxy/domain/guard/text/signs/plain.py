"""Notations in which every sign counts, and couples of words in which a stroke says nothing."""

import re

from llm_cache_proxy.domain.guard.words import lexicon

SPELT_OUT = re.compile(r"\b(?:regexp?|regular expression|glob|markdown)\b", re.IGNORECASE)
"""What is written in signs alone, each of which counts."""
_COUPLE = re.compile(r"(?<![\w/.-])([a-z]{2,12})\s?/\s?([a-z]{2,12})(?![\w/.-])", re.IGNORECASE)

_KEYS = re.compile(
    r"\b(?:ctrl|control|alt|shift|cmd|win)(?:(?:\s?\+\s?\w+)+|(?:-(?:\w|alt|shift|del|tab|esc))+\b)",
    re.IGNORECASE,
)
"""Keys that are pressed together: "Ctrl + C", "Ctrl-C"."""


def without_strokes(text: str) -> str:
    """The text without a stroke between two words that are named together: "if/else"."""
    return _COUPLE.sub(_coupled, text) if "/" in text else text


def _coupled(couple: re.Match[str]) -> str:
    named = lexicon.word_set("coupled")
    both = couple[1].casefold() in named and couple[2].casefold() in named
    return f"{couple[1]} {couple[2]}" if both else couple[0]


def with_keys(text: str) -> str:
    """The text with keys that are pressed together in small letters, a plus between them."""
    return _KEYS.sub(lambda keys: "".join(keys[0].casefold().split()).replace("-", "+"), text)
