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
    return _letters(pair.a) == _letters(pair.b)


@once_a_text
def _letters(analysis: Analysis) -> str:
    """The letters and digits in small letters; the text itself where those are not as many."""
    letters = _GAP.sub("", analysis.text)
    small = letters.lower()
    return small if len(small) == len(letters) else analysis.text


@once_a_text
def gaps(analysis: Analysis) -> dict[int, str]:
    """How many letters stand before each gap → what stands in it."""
    text = with_keys(analysis.text.translate(TYPED).translate(_ONE_SPELLING))
    if "(" not in text and "[" not in text:
        text = _THOUSANDS.sub("", text)
    if "|" in text:
        text = _RULED.sub("-", text)
    if "." in text:
        text = _DOTTED.sub(lambda dotted: dotted[0].replace(".", "").replace(" ", ""), text)
    text = _ENDED.sub("", ratios_joined(text))
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
