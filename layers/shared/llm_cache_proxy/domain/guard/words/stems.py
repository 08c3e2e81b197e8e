"""Brings a word's inflected forms to one stem.

Never joins words of different meaning on purpose: derivation is a matter of alignment, not of
stems. The steps are those of any English inflection grammar, kept few.
"""

from functools import cache, lru_cache
from importlib.resources import files

_VOWELS = frozenset("aeiouy")
_SHORTEST = 3
_KEEPS_DOUBLE = frozenset({"ll", "ss", "zz", "ff", "ee", "oo"})
_NEEDS_E = ("v", "c", "u", "iz", "dg", "rg", "rs", "ns", "bl", "cl", "tl", "dl", "gl", "pl")
_LONG = 6


@cache
def base_forms() -> dict[str, str]:
    """Irregular form → base."""
    text = files(__package__).joinpath("forms.txt").read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for line in text.splitlines():
        base, _, forms = line.partition(": ")
        for form in (base, *forms.split()):
            found.setdefault(form, base)
    return found


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The stem of a lower-case word; a word that no rule knows is its own stem."""
    base = base_forms().get(word)
    if base is None:
        base = _american(_uninflected(word)) if len(word) > _SHORTEST and word.isascii() else word
    return base[:-1] if len(base) >= _LONG and base.endswith("e") else base


def _american(base: str) -> str:
    """The American spelling of a British one: colour, organise, centre."""
    if len(base) < _LONG:
        return base
    if base.endswith("our"):
        return base[:-2] + "r"
    if base.endswith("ise"):
        return base[:-2] + "ze"
    return base[:-2] + "er" if base.endswith("tre") else base


def _uninflected(word: str) -> str:
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = _singular(word)
    if word.endswith("ied"):
        return word[:-3] + "y"
    if word.endswith("eed"):
        return word[:-1] if len(word) > _LONG else word
    if word.endswith("ing") and _has_vowel(word[:-3]):
        return _restored(word[:-3])
    if word.endswith("ed") and _has_vowel(word[:-2]):
        return _restored(word[:-2])
    if word.endswith("ly") and len(word) >= _LONG - 1:
        return _without_ly(word)
    return word


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > len("ties") else word[:-1]
    if word.endswith(("xes", "ches", "shes", "sses", "zzes", "oes")):
        return word[:-2]
    return word[:-1]


def _without_ly(word: str) -> str:
    if word.endswith("ically"):
        return word[:-4]
    if word.endswith("ily"):
        return word[:-3] + "y"
    if word.endswith("bly"):
        return word[:-1] + "e"
    return word[:-2]


def _restored(base: str) -> str:
    """What is left of a word after -ing or -ed, with a doubled letter or a lost e put right."""
    if len(base) < _SHORTEST:
        return base + "e" if len(base) > 1 else base
    if base[-1] == base[-2] and base[-2:] not in _KEEPS_DOUBLE:
        return base[:-1]
    if base.endswith(_NEEDS_E) or (base.endswith("s") and base[-2] in _VOWELS):
        return base + "e"
    if base.endswith("at") and len(base) > _SHORTEST and base[-3] not in _VOWELS - {"i", "e"}:
        return base + "e"
    if _one_syllable_closed(base):
        return base + "e"
    return base


def _one_syllable_closed(base: str) -> bool:
    """Whether it is consonants, one vowel, one consonant, as in "mak" or "writ"."""
    return (
        base[-1] not in "aeiouwxy"
        and base[-2] in _VOWELS
        and base[-3] not in _VOWELS
        and not any(letter in _VOWELS for letter in base[:-2])
    )


def _has_vowel(base: str) -> bool:
    return len(base) > 1 and any(letter in _VOWELS for letter in base)
