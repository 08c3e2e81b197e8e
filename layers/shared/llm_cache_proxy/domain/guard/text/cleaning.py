"""Cleans a text once, before anything compares it.

Composes letters (NFC), drops what shows nothing, gives marks one spelling. Never joins letters
that only look the same: a Cyrillic "\u0430" stays one.
"""

import re
from typing import NamedTuple
from unicodedata import decimal, normalize

from llm_cache_proxy.domain.guard.text.spoken_maths import in_signs
from llm_cache_proxy.domain.guard.text.wrapping import unwrapped

MARKS = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7"
    r"\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711-\u07f3"
    r"\u07fd\u0816-\u082d\u0859-\u085b\u0898-\u08e1\u08e3-\u0963\u0981-\u09e3\u09fe-\u0a75"
    r"\u0a81-\u0ae3\u0afa-\u0b63\u0b82-\u0bd7\u0c00-\u0c63\u0c81-\u0c83\u0cbc-\u0d4d"
    r"\u0d57-\u0d63\u0d81-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ecd\u0f18-\u0f19\u0f35"
    r"\u0f37\u0f39\u0f3e-\u0f84\u0f86-\u0fbc\u0fc6\u102b-\u103e\u1056-\u109d\u135d-\u135f"
    r"\u1712-\u1734\u1752-\u17d3\u17dd\u180b-\u180d\u180f-\u193b\u1a17-\u1a1b\u1a55-\u1a7f"
    r"\u1ab0-\u1b44\u1b6b-\u1b73\u1b80-\u1bf3\u1c24-\u1c37\u1cd0-\u1cd2\u1cd4-\u1dff"
    r"\u20d0-\u20f0\u2cef-\u2cf1\u2d7f-\u2dff\u302a-\u302f\u3099-\u309a\ua66f-\ua672"
    r"\ua674-\ua67d\ua69e-\ua6f1\ua802-\ua827\ua82c\ua880-\ua8c5\ua8e0-\ua8f1\ua8ff-\ua92d"
    r"\ua947-\ua953\ua980-\ua9c0\ua9e5-\uaa4d\uaa7b-\uaac1\uaaeb-\uaaef\uaaf5-\uaaf6"
    r"\uabe3-\uabea\uabec-\uabed\ufb1e\ufe20-\ufe2f"
)
"""Combining marks, as ranges of a character class that holds no other sign: a vowel sign of an
Indic script or a stroke through a letter belongs to its word."""

_INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    r"\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
)
"""Unicode's default-ignorable characters, and control marks that are no white space."""
_DROPPED = re.compile(f"[{_INVISIBLE}]+")
_HIDES = re.compile(
    rf"[^{_INVISIBLE}][{_INVISIBLE}]+[^\s{_INVISIBLE}!-/:-@\[-`{{-~]|[\u202d\u202e]"
)
"""Something invisible inside a word, or a mark that turns the direction of writing."""
_ENDS = ".,?!:;"
_ACCENT = re.compile("[\u0300-\u0333]")  # the strokes through letters that follow are no accents
_ONE_SPELLING = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full width
        **dict.fromkeys("\u2018\u2019\u02bc", "'"),
        **dict.fromkeys("\u2010\u2011\u2212", "-"),
        **dict(
            zip("\ufb00\ufb01\ufb02\ufb03\ufb04", ("ff", "fi", "fl", "ffi", "ffl"), strict=True)
        ),
    }
)


_RAISED = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u207b]+")
"""Exponents, as they are typed behind "^" where the keyboard lacks them."""
_FRACTION = re.compile("(\\d?)([\u00bc-\u00be\u2150-\u215e])")
_LOWERED = re.compile("[\u2080-\u2089]+")
_DIGIT = re.compile(r"(?![0-9])\d")
"""A digit of another script, whose value is the same."""
_NUMERIC = re.compile("[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u215e]")


class Cleaned(NamedTuple):
    """A text to compare, and its words that something invisible stood in, as written."""

    text: str
    hiding: tuple[str, ...]


def cleaned(text: str) -> Cleaned:
    """`text` in one spelling; what is dropped inside a word is kept in `hiding`."""
    text = in_signs(unwrapped(text))
    if text.isascii() and text.isprintable():
        return Cleaned(text, ())
    composed = _DIGIT.sub(lambda each: str(decimal(each[0])), _typed(normalize("NFC", text)))
    if _DROPPED.search(composed) is None:
        return Cleaned(composed.translate(_ONE_SPELLING), ())
    hiding = tuple(
        chunk.casefold().strip(_ENDS) for chunk in composed.split() if _HIDES.search(chunk)
    )
    return Cleaned(_DROPPED.sub("", composed).translate(_ONE_SPELLING), hiding)


def _typed(text: str) -> str:
    """`text` with its exponents, indices and fractions in ASCII: "x^2", "H2O", "1/2"."""
    if _NUMERIC.search(text) is None:
        return text
    text = _RAISED.sub(lambda each: "^" + _plain(each[0]), text)
    text = _LOWERED.sub(lambda each: _plain(each[0]), text)
    return _FRACTION.sub(lambda each: f"{each[1]} {_plain(each[2])}".lstrip(), text)


def _plain(digits: str) -> str:
    return normalize("NFKC", digits).translate({0x2044: "/", 0x2212: "-"})


def without_accents(word: str) -> str:
    """A word in Latin letters as somebody types it who has no accents at hand."""
    if word.isascii():
        return word
    plain = "".join(letter for letter in normalize("NFD", word) if not _ACCENT.match(letter))
    return plain if plain.isascii() else word
