"""Tasks about letters, capitals, marks or spaces, and what they are given, to the letter.

"Reverse: Hello" is not "Reverse: hello", though the words are the same. What is left out is what
only sets the given text off: quotes around it, spaces at its ends.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.material import Pieces, asks, words_of
from llm_cache_proxy.domain.guard.text.spans import quoted
from llm_cache_proxy.domain.guard.words import lexicon

_QUOTES = "\"'`\u201c\u201d\u201e\u00ab\u00bb"
_NO_LETTER = re.compile(r"[\W_]+")
_BEHIND = re.compile(r"[:?][ \t]+(?=\S)|(?<!\s):?[ \t]*\n\s*(?=\S)")
"""Where a text goes on behind a task."""
_NAMED = re.compile(
    r"\b(?:(?:md5|sha-?\d{1,3}|crc-?32|hash|base-?64|rot-?13|ascii|capitals"
    r"|(?:capital|upper-?case|lower-?case) letters)\b"
    r"[^.?!:\n]{0,40}\s(?:of|to|for|in)(?: the (?:letters?|name|phrase|string|text|word))?"
    r"|the (?:name|phrase|string|word))\s([^.?!:\n]{1,40})[.?!\s]*$",
    re.IGNORECASE,
)
"""What a question names that is about such a task: "What is the MD5 of Hello?"."""
_EITHER = re.compile(
    r"\b(?:is it|it's|write|spell|or|say)\s([^\s?,]+(?:\s[^\s?,]+)?) or "
    r"([^\s?,]+(?:\s[^\s?,]+)?)",
    re.IGNORECASE,
)
"""Two spellings that are asked about: "Is it CDs or CD's?"."""
_COUNTING = frozenset({"many", "count", "number"})


class Spelled(NamedTuple):
    """What a task is given; `marks` says that marks and spaces count in it, not only capitals."""

    text: str
    marks: bool

    def differs(self, other: "Spelled") -> bool:
        """Whether the two have the same letters, but what counts in them is another."""
        if self.text == other.text or _letters(self.text) != _letters(other.text):
            return False
        return self.marks or other.marks or _words(self.text) != _words(other.text)


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text).casefold()


def _words(text: str) -> str:
    return _NO_LETTER.sub(" ", text).strip()


def spelled(text: str, words: tuple[str, ...], pieces: Pieces | None) -> Spelled | None:
    """What a task about letters or marks is given; None for another task, or where that is unclear.

    `words` are those of the text, `pieces` what it hands over.
    """
    either = _spellings(text) if "or" in words else None
    if either is not None or _telling().isdisjoint(words):
        return either
    marks, capitals = lexicon.word_set("by_marks"), lexicon.word_set("by_capitals")
    counted = _counts(words)
    if marks.isdisjoint(words) and capitals.isdisjoint(words) and not counted:
        return None
    given = _given(text, pieces)
    if not given:
        return None
    asked = Counter(words) - Counter(words_of(given))
    by_marks = not marks.isdisjoint(asked) or (counted and _counts(asked))
    if not by_marks and capitals.isdisjoint(asked):
        return None
    return Spelled(_bare(given), by_marks)


@cache
def _telling() -> frozenset[str]:
    """The words without any of which a text is about no letters."""
    return lexicon.word_set("by_marks") | lexicon.word_set("by_capitals") | _COUNTING


def _spellings(text: str) -> Spelled | None:
    """What is asked about where it is asked which of two spellings is right."""
    found = _EITHER.search(text)
    if found is None:
        return None
    one, other = (each.strip(_QUOTES + ".") for each in found.groups())
    asked = one != other and _letters(one) == _letters(other)
    return Spelled(" or ".join(sorted((one, other))), marks=True) if asked else None


def _counts(words: Iterable[str]) -> bool:
    """Whether words, lines or sentences are counted."""
    return not (
        _COUNTING.isdisjoint(words) or lexicon.word_set("counted_in_text").isdisjoint(words)
    )


def _given(text: str, pieces: Pieces | None) -> str:
    """What a text gives to work on; empty where that is not set apart."""
    if pieces is not None:
        return "\n".join(pieces)
    behind = _BEHIND.search(text)
    if behind is not None and (behind[0][0] != "?" or not asks(text[behind.end() :])):
        return text[behind.end() :]
    named = _NAMED.search(text)
    return "\n".join(quoted(text)) or (named[1] if named else "")


def _bare(text: str) -> str:
    text = text.strip()
    return text.strip(_QUOTES) if text[:1] in _QUOTES and text[-1:] in _QUOTES else text
