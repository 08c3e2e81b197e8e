"""The numbers of a text, with their units, whatever way they are written.

Never rounds and never converts: 1,000 and 1k and "one thousand" are one number, 1 km and 1000 m
are not.
"""

from functools import cache
from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.arrangement import Item, item_at
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_ROMAN = {"II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "XI": 11, "XII": 12}
_ENDINGS = frozenset({"st", "nd", "rd", "th"})
_CURRENCY_SIGNS = frozenset("$€£¥₹₩₽")
_CURRENCIES = frozenset({"usd", "eur", "gbp", "rs", "inr", "jpy", "us$", "chf", "cad", "aud"})
_PARTS = frozenset("2345678")
_PAIRS = frozenset({"pair", "couple"})
_DECADES = frozenset(str(value) for value in range(30, 100, 10))
_HUNDRED = 100
_SPEEDS = {"kilometre": "kmh", "mile": "mph"}
_MOLAR = {"mM": "mM", "uM": "uM", "\u00b5M": "uM", "\u03bcM": "uM", "nM": "nM", "pM": "pM"}
"""Concentrations, whose capital sets them apart from a length: "5 mM", "5 mm"."""
_HOURLY = frozenset((by, "hour") for by in ("/", "per", "an"))
_TENS = range(20, 100, 10)


class Quantity(NamedTuple):
    """A number as canonical text and its unit ("" without one).

    `optional` marks a lone "one", which may be a pronoun; `counts` a number that says how many of
    a list are asked for, as in "the 10 best books". `item` says where it stands.
    """

    value: str
    unit: str
    optional: bool
    counts: bool
    item: Item


def quantities(tokens: tuple[Token, ...]) -> tuple[tuple[Quantity, ...], frozenset[Token]]:
    """The quantities in order, and the tokens that they are made of."""
    spelt = _spelt()
    starts = [
        at
        for at, (raw, word, _, kind, _, _) in enumerate(tokens)
        if kind == Kind.NUMBER or word in spelt or raw in _ROMAN
    ]
    found: list[Quantity] = []
    used: set[Token] = set()
    stop = 0
    for at in starts:
        if at < stop:
            continue
        end, value, optional = _number(tokens, at)
        if end == at:
            continue
        start, stop, unit = _unit(tokens, at, end)
        used.update(tokens[start:stop])
        counts = not unit and _is_count(tokens, start, stop)
        item = item_at(tokens, value, start, end, stop)
        found.append(Quantity(value, unit, optional and not unit, counts, item))
    return tuple(found), frozenset(used)


@cache
def _spelt() -> frozenset[str]:
    """Words that a number may begin with."""
    return _PAIRS | {"half"} | lexicon.number_words().keys()


def _is_count(tokens: tuple[Token, ...], start: int, stop: int) -> bool:
    """Whether the number stands between a word such as "the" or "best" and a plural noun."""
    if (
        not start
        or stop >= len(tokens)
        or tokens[start - 1].word not in lexicon.word_set("before_count")
    ):
        return False
    phrase = tokens[stop : stop + 3]
    return all(each.kind is Kind.WORD for each in phrase) and any(
        each.word.endswith("s") for each in phrase
    )


def _number(tokens: tuple[Token, ...], at: int) -> tuple[int, str, bool]:
    """(end, value, optional) of the number that starts at `at`; end == at when there is none."""
    token = tokens[at]
    if token.kind is Kind.NUMBER:
        return _digits(tokens, at)
    if token.raw in _ROMAN and at and tokens[at - 1].capital:
        return at + 1, str(_ROMAN[token.raw]), False
    if token.word in lexicon.number_words():
        return _spelled(tokens, at)
    if token.word == "half" and [each.word for each in tokens[at + 1 : at + 2]] == ["of"]:
        return at + 1, "1/2", True
    if token.word in _PAIRS and [each.word for each in tokens[at - 1 : at + 2 : 2]] == ["a", "of"]:
        return at + 1, "2", False
    return at, "", False


def _digits(tokens: tuple[Token, ...], at: int) -> tuple[int, str, bool]:
    value = tokens[at].word.replace(",", "")
    value = "0" + value if value.startswith(".") else value.removesuffix(".00")
    end = at + 1
    part = tokens[end : end + 2]
    if [each.raw for each in part[:1]] == ["/"] and value == "1" and _is_part(part[1:]):
        return end + 2, f"1/{part[1].word}", False
    end += (
        end + 1 < len(tokens)
        and tokens[end].raw == "-"
        and tokens[end + 1].word in lexicon.number_scales()
    )
    while end < len(tokens) and tokens[end].word in lexicon.number_scales():
        value = _scaled(value, lexicon.number_scales()[tokens[end].word])
        end += 1
    if end < len(tokens) and tokens[end].word in _ENDINGS:
        end += 1
    elif end < len(tokens) and tokens[end].raw == "s" and value in _DECADES:
        value = "19" + value  # "the 90s"
    elif end < len(tokens) and tokens[end].raw == "M":
        value = _scaled(value, lexicon.number_scales()["million"])
        end += 1
    elif end < len(tokens) and tokens[end].raw in {"B", "b"}:
        value = _scaled(value, lexicon.number_scales()["billion"])
        end += 1
    return end, value.lstrip("0") or "0", False


def _is_part(tokens: tuple[Token, ...]) -> bool:
    """Whether "1/" goes on to a fraction: "1/2", "1/4"."""
    return bool(tokens) and tokens[0].word in _PARTS


def _scaled(value: str, scale: int) -> str:
    """`value` times `scale`, exactly: the decimal point moves."""
    zeros = len(str(scale)) - 1
    whole, _, fraction = value.partition(".")
    digits = whole + fraction.ljust(zeros, "0")
    cut = len(whole) + zeros
    rest = digits[cut:].rstrip("0")
    return digits[:cut] + ("." + rest if rest else "")


def _spelled(tokens: tuple[Token, ...], at: int) -> tuple[int, str, bool]:
    """A number in words; a lone "one" may be a pronoun and is optional."""
    total, part, end = 0, 0, at
    while end < len(tokens):
        word = tokens[end].word
        if word in lexicon.number_words() and (end == at or part % 10 == 0):
            part += lexicon.number_words()[word]
        elif word in lexicon.number_scales() and end > at:
            part *= lexicon.number_scales()[word]
            if lexicon.number_scales()[word] > _HUNDRED:
                total, part = total + part, 0
        elif not (word in {"and", "-"} and end > at and _goes_on(tokens, end)):
            break
        end += 1
    return end, str(total + part), end == at + 1 and tokens[at].word == "one"


def _goes_on(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether "and" or a hyphen at `at` stands inside one number: "two hundred and five"."""
    if at + 1 >= len(tokens) or tokens[at + 1].word not in lexicon.number_words():
        return False
    before = tokens[at - 1].word
    return before in lexicon.number_scales() or (
        tokens[at].word == "-" and lexicon.number_words().get(before, 0) in _TENS
    )


def _unit(tokens: tuple[Token, ...], start: int, end: int) -> tuple[int, int, str]:
    """(start, stop, unit): the unit written after the number, or the currency written before it."""
    if end < len(tokens):
        after = tokens[end]
        if [each.word for each in tokens[end : end + 2]] == ["per", "cent"]:
            return start, end + 2, "percent"
        skipped = after.raw == "-" and end + 1 < len(tokens)
        spelling = tokens[end + 1].word if skipped else after.word
        written = tokens[end + 1].raw if skipped else after.raw
        if written in _MOLAR:
            return start, end + 1 + skipped, _MOLAR[written]
        unit = lexicon.units().get(spelling, "")
        if unit and (len(spelling) > 1 or not spelling.isalpha() or _glued(tokens, end)):
            stop = end + 1 + skipped
            more, whole = _whole_unit(tokens, stop, unit)
            return start, stop + more, whole
    if start:
        before = tokens[start - 1]
        if before.raw == "." and start > 1:
            before, start = tokens[start - 2], start - 1
        if before.word[-1:] in _CURRENCY_SIGNS or before.word in _CURRENCIES:
            unit = lexicon.units().get(before.word, lexicon.units().get(before.word[-1:], ""))
            return start - 1, end, unit
    return start, end, ""


def _whole_unit(tokens: tuple[Token, ...], stop: int, unit: str) -> tuple[int, str]:
    """How many tokens more belong to the unit, and what it then is: "degrees F", "km/h"."""
    after = tuple(lexicon.units().get(each.word, each.word) for each in tokens[stop : stop + 2])
    if unit == "degree" and after[:1] in {("celsius",), ("fahrenheit",)}:
        return 1, after[0]
    if after in _HOURLY and unit in _SPEEDS:
        return 2, _SPEEDS[unit]
    return 0, unit


def _glued(tokens: tuple[Token, ...], end: int) -> bool:
    """Whether a one-letter unit may be one: "5 m", "5m", not "5 C" of a list."""
    return tokens[end].raw in {"m", "g", "l", "h", "w", "v", "C", "F", "W", "V"}
