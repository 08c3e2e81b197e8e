"""Where two texts of the same letters have other marks or spaces between them.

Never says whether those tell the texts apart.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.signs.loose import ratios_joined
from llm_cache_proxy.domain.guard.text.signs.plain import with_keys
from llm_cache_proxy.domain.guard.text.signs.signature import TYPED

_GAP = re.compile(r"[\W_]+")
_NO_LETTERS = dict.fromkeys(code for code in range(128) if not chr(code).isalnum())
_ONE_SPELLING = str.maketrans(
    {**dict.fromkeys("\u2013\u2014", "-"), **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')}
    | {"\u2026": "..."}
)
_DOTTED = re.compile(r"\b(?:[ap]\.\s?m|e\.\s?g|i\.\s?e)\b\.?", re.IGNORECASE)
"""Abbreviations with their full stops: "8 a.m.", "e.g."."""
_ENDED = re.compile(r";(?=\s*(?:\n|$))|\n[-=]{3,}\s*$")
"""What ends a line of code, and a rule below a text."""
_RULED = re.compile(r"-{2,}(?=[:|])")
"""How columns of a table are aligned."""
_MOST_MARKS = 40
"""More marks than this on one side only are no matter of spelling."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


class Difference(NamedTuple):
    """Marks and spaces at one place in either text, the words beside them, and a word in quotes."""

    one: str
    other: str
    before: str
    after: str
    quoted: str


def have_same_letters(pair: Pair) -> bool:
    """Whether the texts have the same letters and digits in one order, capitals apart."""
    a, b = pair.a, pair.b
    if not (a.words and b.words):
        return False
    last = {a.words[-1][-1], b.words[-1][-1]}
    if len(last) > 1 and all(letter.isalnum() for letter in last):
        return False  # which is found out faster
    return abs(len(a.text) - len(b.text)) < _MOST_MARKS and _letters(a) == _letters(b)


@once_a_text
def _letters(analysis: Analysis) -> str:
    """The letters and digits in small letters; the text itself where those are not as many."""
    text = analysis.text
    if text.isascii():
        return text.translate(_NO_LETTERS).lower()
    letters = _GAP.sub("", text)
    small = letters.lower()
    return small if len(small) == len(letters) else text


@once_a_text
def gaps(analysis: Analysis) -> dict[int, str]:
    """How many letters stand before each gap → what stands in it."""
    text = analysis.text
    if not text.isascii():
        text = text.translate(TYPED).translate(_ONE_SPELLING)
    if "+" in text or "-" in text:
        text = with_keys(text)
    if "," in text and "(" not in text and "[" not in text:
        text = _THOUSANDS.sub("", text)
    if "|" in text:
        text = _RULED.sub("-", text)
    if "." in text:
        text = _DOTTED.sub(lambda dotted: dotted[0].replace(".", "").replace(" ", ""), text)
    if ";" in text or "\n" in text:
        text = _ENDED.sub("", text)
    text = ratios_joined(text)
    found: dict[int, str] = {}
    letters = end = 0
    for gap in _GAP.finditer(text):
        letters += gap.start() - end
        end = gap.end()
        found[letters] = gap[0]
    return found


def differences(a: Analysis, b: Analysis) -> Iterator[Difference]:
    """The places, in order, at which texts of the same letters have other marks or spaces."""
    left, right = gaps(a), gaps(b)
    if left == right:
        return
    letters = _GAP.sub("", a.text)
    places = sorted({0, len(letters), *left, *right})
    for at, place in enumerate(places):
        one, other = left.get(place, ""), right.get(place, "")
        if one != other:
            before = letters[places[at - 1] : place] if at else ""
            after = letters[place : places[at + 1]] if at + 1 < len(places) else ""
            opens = one[-1:] in {"'", '"', "`"} or other[-1:] in {"'", '"', "`"}
            yield Difference(one, other, before, after, after if opens else before)
