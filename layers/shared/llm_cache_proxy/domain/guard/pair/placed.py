"""Parts of code, formulas and data that change places, or of which one is another.

Ratios, derivatives, compound units, the clauses of a query, the members of a bracket: their order
is what they say, and a list of everyday things has none.
"""

import re

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.text.technical import is_technical

_RATIO = re.compile(r"(?<![\w:.])(\d{1,4}):(\d{1,4})(?![\w:]|\.\d)(?!\s?[ap]\.?m\b)")
_VERSES = re.compile(r"(?<![\w:.])\d{1,3}:\d{1,3}(?:[-\u2013]\d{1,3})?(?![\w:])")
_SAYS = re.compile(r"\b(?:say|says|verse)\b")
"""Verses that are asked about: "5:3-5"."""
_OVER = re.compile(r"(?<![\w/])([A-Za-z]{1,2}/[A-Za-z]{1,2})(?![\w/])")
"""One letter or two over another: "dx/dt", no "and/or"."""
_UNIT = re.compile(r"(?<=\d)\s?([a-zµμ]{1,5}(?:\s?/\s?[a-z]{1,5}\d?)+)(?![\w/])", re.IGNORECASE)
_SHORTER = {"hr": "h", "hour": "h", "sec": "s", "minute": "min", "second": "s", "d": "day"}
_QUERY = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|LIMIT|ORDER BY|GROUP BY)\b[^?\n]*")
_BRACKET = re.compile(r"\(([^()]*,[^()]*)\)")
_VALUES = re.compile(r"(?<!\w)[a-z-]{2,}:\s?((?:[\w.#%-]+ ){1,3}[\w.#%-]+)")
_NOT = re.compile(r"\bnot (\w)(?!\w)")
_LED = re.compile(r"(?<![\w.,:/-])0\d+(?![\w:/-]|\.\d)")
_PART = re.compile(r"\w+")


def other_places(pair: Pair) -> str | None:
    """The first part of code, formulas or data that is another, or stands elsewhere."""
    a, b = pair.a.text, pair.b.text
    if ":" in a and ":" in b and (found := _turned(a, b)):
        return found
    if "/" in a and "/" in b and (found := _divided(a, b)):
        return found
    if "not " in a and _moved(_NOT, a, b):
        return "another letter is negated"
    if ": " in a and _moved(_VALUES, a, b):
        return "another order in values"
    return _in_code(pair)


def _verses(text: str) -> list[str]:
    """The verses of the lines that ask what they say, before the word that does."""
    said = [(line, [*_SAYS.finditer(line)]) for line in text.split("\n")]
    return [
        verse[0]
        for line, words in said
        if words
        for verse in _VERSES.finditer(line, 0, words[-1].start())
    ]


def _divided(a: str, b: str) -> str | None:
    """One thing over another that the other text divides by a third: "dx/dt", "5 mg/kg/day"."""
    for part in (_OVER, _UNIT):
        left, right = (sorted(map(_spelt, part.findall(text))) for text in (a, b))
        if left and len(left) == len(right) and left != right:
            return f"{left[0]} and {right[0]}"
    return None


def _in_code(pair: Pair) -> str | None:
    """A zero before a number, or the members of a query or of brackets in another order."""
    a, b = pair.a.text, pair.b.text
    led = (" 0" in a or " 0" in b) and sorted(_LED.findall(a)) != sorted(_LED.findall(b))
    if not (led or _have_moved(pair.a.words, pair.b.words)):
        return None
    if not (is_technical(pair.a) and is_technical(pair.b)):
        return None
    if led:
        return "a zero before a number"
    parts = ((_QUERY, "a query"), (_BRACKET, "brackets"))
    return next((f"another order in {what}" for part, what in parts if _moved(part, a, b)), None)


def _have_moved(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether the same words stand in another order."""
    return len(a) == len(b) and a != b and sorted(a) == sorted(b)


def _turned(a: str, b: str) -> str | None:
    """A ratio that the other text has the other way round: "3:1", "1:3"."""
    left, right = (set(_RATIO.findall(text)) for text in (a, b))
    verses = tuple(_verses(text) for text in (a, b))
    if len(verses[0]) == len(verses[1]) and verses[0] != verses[1]:
        return f"{verses[0][0]} and {verses[1][0]}"
    for one, other in left - right:
        if (other, one) in right and one != other:
            return f"{one}:{other} and {other}:{one}"
    return None


def _spelt(part: str) -> str:
    """A unit in one spelling: "km / hr" is "km/h"."""
    words = part.casefold().replace(" ", "").replace("\u03bc", "\u00b5").split("/")
    return "/".join(_SHORTER.get(word, word) for word in words)


def _moved(pattern: re.Pattern[str], a: str, b: str) -> bool:
    """Whether what the pattern finds has the same parts in either text, in another order."""
    left, right = ([_parts(part) for part in pattern.findall(text)] for text in (a, b))
    if len(left) != len(right) or sorted(left) == sorted(right):
        return False  # it has none, or they moved as they are
    return pattern is _NOT or all(
        sorted(one) == sorted(other) for one, other in zip(left, right, strict=True)
    )


def _parts(part: str) -> list[str]:
    return _PART.findall(part.casefold())
