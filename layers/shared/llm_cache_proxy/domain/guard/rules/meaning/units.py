"""Differences in the unit or the currency of a number."""

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis

_SIGNED = frozenset({"percent", "degree"})
_LIMITS = frozenset(
    {"under", "below", "within", "around", "over", "abov", "about", "upto", "between", "to", "than"}
)
_GOES_WITHOUT = frozenset({"dollar", "euro", "pound", "rupee", "year"})
"""Units that are left out where they go without saying: "under 500", "at 23"."""


def _units(pair: Pair) -> str | None:
    if not (pair.a.quantities and pair.b.quantities):
        return None
    left = {each.value: each.unit for each in pair.a.quantities if each.unit}
    right = {each.value: each.unit for each in pair.b.quantities if each.unit}
    for value in left.keys() & right.keys():
        if left[value] != right[value]:
            return f"{value} {left[value]} and {value} {right[value]}"
    return _unit_of_one(pair.a, pair.b) or _unit_of_one(pair.b, pair.a)


def _unit_of_one(one: Analysis, other: Analysis) -> str | None:
    """A number with a unit in `one` that `other` has without any: "10%" and "10"."""
    bare = {each.value for each in other.quantities} - {
        each.value for each in other.quantities if each.unit
    }
    if not any(each.unit and each.value in bare for each in one.quantities):
        return None
    limits = {each.value for each in other.quantities if each.item.before in _LIMITS}
    others = {*other.words}
    alike = [word for word in one.words if word in others] == [*other.words]
    alike = alike or _differ_in_one(one.words, other.words)
    for each in one.quantities:
        goes_without = each.unit in _GOES_WITHOUT and (each.unit == "year" or each.value in limits)
        counts = each.unit in _SIGNED or (alike and not goes_without)
        if each.unit and counts and each.value in bare:
            return f"{each.value} {each.unit} and {each.value}"
    return None


def _differ_in_one(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether a single word stands in place of another."""
    if len(one) != len(other):
        return False
    differing = [each for each in zip(one, other, strict=True) if each[0] != each[1]]
    return len(differing) == 1 and all(word.isalpha() for word in differing[0])


UNITS = Rule(
    name="units",
    looks_at="the unit or currency of a number",
    vetoes=(
        ("How long does it take to run 5 km?", "How long does it take to run 5 miles?"),
        ("Is 500 mg safe?", "Is 500 mcg safe?"),
        ("What is €100 worth?", "What is $100 worth?"),
        ("What is 10% of 250?", "What is 10 of 250?"),
        ("Is 50 km/h fast?", "Is 50 mph fast?"),
    ),
    passes=(
        ("How heavy is 5kg?", "How heavy is 5 kilograms?"),
        ("Is 8 per cent a lot?", "Is 8% a lot?"),
        ("Is 98.6°F normal?", "Is 98.6 F normal?"),
        ("Is 50 km/h fast?", "Is 50 kph fast?"),
    ),
    check=_units,
    any_language=True,
)
