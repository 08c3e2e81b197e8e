"""Differences in amounts: numbers, units, dates and times, versions."""

from collections import Counter
from functools import cache
from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.arrangement import (
    MOST,
    Item,
    changed_places,
    crossed,
    item_at,
)
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_TIMED = frozenset({Kind.DATE, Kind.TIME})
_SEVERAL = 2
_MUCH = 4
"""Shared content words of a long statement."""
_RANGES = frozenset({"-", "\u2013", "\u2014", "to", "through", "until", "till"})
_LISTS = frozenset({"and", "&", ","})
_SAYING = frozenset({"say", "tell", "announc"})
_NEAR = 2
_SIGNED = frozenset({"percent", "degree"})
_GOES_WITHOUT = frozenset({"dollar", "euro", "pound", "rupee", "year"})
"""Units that are left out where they go without saying: "under 500", "at 23"."""
_AMBIGUOUS = frozenset({"may", "march", "mon", "sat", "sun", "jan", "mar", "dec"})


def _numbers(pair: Pair) -> str | None:
    a, b = pair.a.quantities, pair.b.quantities
    left, right = Counter(each.value for each in a), Counter(each.value for each in b)
    if left == right:
        return _order(pair) or _other_joint(pair)
    if len(a) == len(b) and left.keys() == right.keys():
        return "another number is said again"
    optional = {each.value for each in (*a, *b) if each.optional}
    only_left = set(left) - set(right) - optional
    only_right = set(right) - set(left) - optional
    if not (only_left and only_right) and "what" in pair.a.questions & pair.b.questions:
        counts = {each.value for each in (*a, *b) if each.counts}
        only_left, only_right = only_left - counts, only_right - counts
    if _comes_and_goes(only_left | only_right, pair):
        return None
    if only_left or only_right:
        return f"numbers {sorted(only_left)} and {sorted(only_right)}"
    return None


def _comes_and_goes(only: set[str], pair: Pair) -> bool:
    """Whether one text merely counts what the other names: "two men", "the men"; "first", "one"."""
    if only == {"1"} and _said_as_article(pair):
        return True
    if len(only) != 1 or pair.is_exacting:
        return False
    if only == {"1"} or (pair.retells and only <= _ages(pair.a) | _ages(pair.b)):
        return True
    words = {*pair.a.words, *pair.b.words}
    spelled = {str(value) for word, value in lexicon.number_words().items() if word in words}
    return pair.both_tell and only <= spelled


def _ages(analysis: Analysis) -> set[str]:
    """The numbers of years before "old"."""
    return {
        each.value
        for each in analysis.quantities
        if each.unit == "year" and each.item.noun == "old"
    }


def _said_as_article(pair: Pair) -> bool:
    """Whether one text says "one pound" where the other says "a pound"."""
    for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
        nouns = {each.item.noun for each in one.quantities if each.value == "1"} - {""}
        for article, noun in pairwise(other.plain):
            if article.word in {"a", "an", "per"} and noun.stem in nouns:
                return True
    return False


def _order(pair: Pair) -> str | None:
    """Numbers that change places: "2 pills every 8 hours", "8 pills every 2 hours"."""
    a, b = ([each.item for each in text.quantities] for text in (pair.a, pair.b))
    if len(a) < _SEVERAL or not changed_places(a, b, pair.a.plain, pair.b.plain):
        return None
    if (
        pair.both_tell and pair.kept > _MUCH and len(a) <= MOST and not crossed(a, b)
    ):  # news tells amounts in any order
        return None
    return " and ".join(" ".join(item.value for item in items[:3]) for items in (a, b))


def _other_joint(pair: Pair) -> str | None:
    """A range in one text of which the other names the ends alone: "3-7" and "3, 7"."""
    if len(pair.a.quantities) < _SEVERAL:
        return None
    in_a, in_b = _joints(pair.a), _joints(pair.b)
    for ends in in_a.keys() & in_b.keys():
        if in_a[ends] != in_b[ends]:
            return f"{ends[0]} to {ends[1]} and both of them"
    return None


def _joints(analysis: Analysis) -> dict[tuple[str, str], bool]:
    """Two numbers that a range or a list joins, with others between them → whether a range does."""
    found: dict[tuple[str, str], bool] = {}
    for one, other in pairwise(analysis.quantities):
        between = analysis.plain[one.item.stop : other.item.start]
        if len(between) != 1 or not _far_apart(one.value, other.value):
            continue
        joint = between[0].word
        if joint in _RANGES or (joint in _LISTS and one.item.before == "between"):
            found[one.value, other.value] = True
        elif joint in _LISTS:
            found[one.value, other.value] = False
    return found


def _far_apart(one: str, other: str) -> bool:
    """Whether a range between the two holds more than them."""
    return one.isdigit() and other.isdigit() and int(other) - int(one) > 1


def _units(pair: Pair) -> str | None:
    left = {each.value: each.unit for each in pair.a.quantities if each.unit}
    right = {each.value: each.unit for each in pair.b.quantities if each.unit}
    for value in left.keys() & right.keys():
        if left[value] != right[value]:
            return f"{value} {left[value]} and {value} {right[value]}"
    return _unit_of_one(pair.a, pair.b) or _unit_of_one(pair.b, pair.a)


def _unit_of_one(one: Analysis, other: Analysis) -> str | None:
    """A number with a unit in `one` that `other` has without any: "10%" and "10"."""
    if not one.quantities or not other.quantities:
        return None
    bare = {each.value for each in other.quantities} - {
        each.value for each in other.quantities if each.unit
    }
    alike = [word for word in one.words if word in other.words] == [*other.words]
    for each in one.quantities:
        counts = each.unit in _SIGNED or (alike and each.unit not in _GOES_WITHOUT)
        if each.unit and counts and each.value in bare:
            return f"{each.value} {each.unit} and {each.value}"
    return None


def _dates(pair: Pair) -> str | None:
    in_a, in_b = _moments(pair.a), _moments(pair.b)
    left, right = ({item.value for item in items} for items in (in_a, in_b))
    if left | right == {"today"}:
        return None
    if pair.retells and not (left and right) and _says_when(pair.a) and _says_when(pair.b):
        return None
    if left != right:
        return f"dates {sorted(left - right)} and {sorted(right - left)}"
    if len(left) >= _SEVERAL and changed_places(in_a, in_b, pair.a.plain, pair.b.plain):
        return "dates that change places"
    return None


def _moments(analysis: Analysis) -> list[Item]:
    """Calendar words, dates and times of a text in one spelling."""
    tokens, named = analysis.plain, _calendar()
    return [
        item_at(tokens, value, at, at + 1)
        for at, token in enumerate(tokens)
        if token.word in named or token.kind in _TIMED
        for value in _moment(tokens, at)
    ]


def _moment(tokens: tuple[Token, ...], at: int) -> tuple[str, ...]:
    token = tokens[at]
    if token.kind is Kind.DATE:
        return ("-".join(part.zfill(2) for part in token.word.replace("/", "-").split("-")),)
    if token.kind is Kind.TIME:
        return (_clock(token.word),)
    return _calendar()[token.word] if _is_calendar(tokens, at) else ()


@cache
def _calendar() -> dict[str, tuple[str, ...]]:
    """Word → the days and months that it names."""
    calendar = lexicon.word_set("calendar")
    named = {
        word: tuple(title for title in titles if title in calendar)
        for word, titles in lexicon.classes_of().items()
    }
    return {word: titles for word, titles in named.items() if titles}


def _says_when(analysis: Analysis) -> bool:
    """Whether each moment is a day on which something was said: "said on Thursday"."""
    return all(
        item.value.endswith("day")
        and any(
            token.stem in _SAYING
            for token in analysis.plain[max(item.start - _NEAR, 0) : item.stop + _NEAR]
        )
        for item in _moments(analysis)
    )


def _is_calendar(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether an ambiguous word such as "may" is the month: a capital, or a number beside it."""
    token = tokens[at]
    if token.word not in _AMBIGUOUS:
        return True
    beside = tokens[max(at - 1, 0) : at + 2]
    if any(each.kind is Kind.NUMBER for each in beside):
        return True
    return token.word in {"may", "march"} and token.capital and not token.opens


def _clock(text: str) -> str:
    """A time of day as hours and minutes of a 24-hour clock."""
    plain = text.replace(".", "").replace(" ", "")
    digits = plain.rstrip("apm")
    hour, _, minute = digits.partition(":")
    shift = 12 if plain.endswith("pm") and hour != "12" else 0
    shift = -12 if plain.endswith("am") and hour == "12" else shift
    return f"{int(hour) + shift}:{minute or '00'}"


def _versions(pair: Pair) -> str | None:
    in_a, in_b = _version_names(pair.a), _version_names(pair.b)
    numbers = {each.value for each in (*pair.a.quantities, *pair.b.quantities)}
    only = ({item.value for item in in_a} ^ {item.value for item in in_b}) - numbers
    if only:
        return f"versions {sorted(only)}"
    if len(in_a) > 1 and changed_places(in_a, in_b, pair.a.plain, pair.b.plain):
        return "versions that change places"
    return None


def _version_names(analysis: Analysis) -> list[Item]:
    return [
        item_at(analysis.plain, token.word.lstrip("v"), at, at + 1)
        for at, token in enumerate(analysis.plain)
        if token.kind is Kind.VERSION
    ]


NUMBERS = Rule(
    name="numbers",
    looks_at="numbers, ordinals and percentages, in digits and in words",
    vetoes=(
        ("Convert 100 USD to EUR", "Convert 1000 USD to EUR"),
        ("Name three planets", "Name four planets"),
        ("What does HTTP status 404 mean?", "What does HTTP status 403 mean?"),
        ("Who was the first president?", "Who was the second president?"),
        ("Take 2 pills every 8 hours", "Take 8 pills every 2 hours"),
        ("Is 120 over 80 high blood pressure?", "Is 80 over 120 high blood pressure?"),
        ("Is a 40 by 60 poster wide?", "Is a 60 by 40 poster wide?"),
        ("Print pages 3-7", "Print pages 3 and 7"),
    ),
    passes=(
        ("What can I buy for 1,000 dollars?", "What can I buy for $1k?"),
        ("Name 3 planets", "Name three planets"),
        ("Is one apple enough?", "Is an apple enough?"),
        ("What is 3 plus 8?", "What is 8 plus 3?"),
        ("Print pages 3-7", "Print pages 3 to 7"),
        ("Can I do 20 squats in 3 minutes?", "In 3 minutes, can I do 20 squats?"),
    ),
    check=_numbers,
)
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
DATES = Rule(
    name="dates",
    looks_at="dates, months, weekdays, times of day, today and tomorrow",
    vetoes=(
        ("What happened on 3 May?", "What happened on 3 June?"),
        ("Is the bank open on Saturday?", "Is the bank open on Sunday?"),
        ("Remind me at 5 pm", "Remind me at 5 am"),
    ),
    passes=(("Remind me at 17:00", "Remind me at 5pm"),),
    check=_dates,
)
VERSIONS = Rule(
    name="versions",
    looks_at="version numbers",
    vetoes=(
        ("What is new in Python 3.12.1?", "What is new in Python 3.12.4?"),
        ("Does v2 work?", "Does v3 work?"),
    ),
    passes=(("What is new in version 3.12.1?", "What's new in v3.12.1?"),),
    check=_versions,
    any_language=True,
)
