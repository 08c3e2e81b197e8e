"""Short words whose capitals are their meaning: CO and Co, 5 mW and 5 MW, 5 Mb and 5 MB.

Speaks only of two texts that are the same but for capitals.
"""

import re

from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token

_CAMEL = re.compile(r"[A-Za-z]+[a-z][A-Z]")
_LONGEST_UNIT = 3
_SYMBOL = 2
"""Letters of a chemical formula or a code that another case makes another one."""


def other_symbol(a: Analysis, b: Analysis) -> str | None:
    """The first short word that is another one in the other text's capitals."""
    if a.words != b.words or len(a.tokens) != len(b.tokens):
        return None
    before: Token | None = None
    for one, other in zip(a.tokens, b.tokens, strict=True):
        if one.raw != other.raw and (
            _is_other_unit(before, one, other) or _is_other_formula(one, other)
        ):
            return f"{one.raw} and {other.raw}"
        before = one
    return None


def _is_other_unit(before: Token | None, one: Token, other: Token) -> bool:
    """Whether a prefix is milli in one and mega in the other, or a unit is bits and bytes."""
    after_number = before is not None and before.kind is Kind.NUMBER
    left, right = one.raw, other.raw
    if one.kind is Kind.IDENTIFIER and left[:1].isdigit():
        left, right, after_number = left.lstrip("0123456789."), right.lstrip("0123456789."), True
    if not after_number or not 0 < len(left) <= _LONGEST_UNIT or len(left) != len(right):
        return False
    return {left[0], right[0]} == {"m", "M"} or {left[-1], right[-1]} == {"b", "B"}


def _is_other_formula(one: Token, other: Token) -> bool:
    """Whether two letters are both capitals in one text, and in the other only the first is."""
    if len(one.raw) != _SYMBOL or one.opens or other.opens or not one.raw.isalpha():
        return False
    return one.capital and other.capital


def other_identifier(a: Analysis, b: Analysis) -> str | None:
    """The first name in camel case that is another one in the other text: myVar, MyVar."""
    if a.words != b.words or len(a.tokens) != len(b.tokens):
        return None
    for one, other in zip(a.tokens, b.tokens, strict=True):
        if one.raw != other.raw and all(_CAMEL.match(each.raw) for each in (one, other)):
            return f"{one.raw} and {other.raw}"
    return None
