"""Differences in amounts: numbers, units, dates and times, versions."""

from collections import Counter

from llm_cache_proxy.domain.guard import lexicon
from llm_cache_proxy.domain.guard.analysis import Analysis
from llm_cache_proxy.domain.guard.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.tokens import Kind, Token

_ORDERED = frozenset(
    {"-", "/", "^", "**", "%", "÷", "minus", "divided", "power", "than", "over", "by"}
)
_AMBIGUOUS = frozenset({"may", "march", "mon", "sat", "sun", "jan", "mar", "dec"})


def _numbers(pair: Pair) -> str | None:
    a, b = pair.a.quantities, pair.b.quantities
    left, right = Counter(each.value for each in a), Counter(each.value for each in b)
    if left == right:
        return _order(pair)
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
    if len(only) != 1 or pair.is_exacting:
        return False
    if only == {"1"}:
        return True
    words = {*pair.a.words, *pair.b.words}
    spelled = {str(value) for word, value in lexicon.number_words().items() if word in words}
    return pair.both_tell and only <= spelled


def _order(pair: Pair) -> str | None:
    """Numbers that change places where their order counts: 8 - 3, 3 - 8."""
    left = [each.value for each in pair.a.quantities]
    right = [each.value for each in pair.b.quantities]
    ordered = _ORDERED.intersection(pair.a.words) and _ORDERED.intersection(pair.b.words)
    if left != right and ordered:
        return f"{' '.join(left[:3])} and {' '.join(right[:3])}"
    return None


def _units(pair: Pair) -> str | None:
    left = {each.value: each.unit for each in pair.a.quantities if each.unit}
    right = {each.value: each.unit for each in pair.b.quantities if each.unit}
    for value in left.keys() & right.keys():
        if left[value] != right[value]:
            return f"{value} {left[value]} and {value} {right[value]}"
    return None


def _dates(pair: Pair) -> str | None:
    left, right = _moments(pair.a), _moments(pair.b)
    if left | right == {"today"}:
        return None
    if left != right:
        return f"dates {sorted(left - right)} and {sorted(right - left)}"
    return None


def _moments(analysis: Analysis) -> set[str]:
    """Calendar words, dates and times of a text in one spelling."""
    found: set[str] = set()
    tokens = analysis.tokens
    for at, token in enumerate(tokens):
        if token.kind is Kind.DATE:
            found.add("-".join(part.zfill(2) for part in token.word.replace("/", "-").split("-")))
        elif token.kind is Kind.TIME:
            found.add(_clock(token.word))
        elif token.kind is Kind.WORD:
            for title in lexicon.classes_of().get(token.word, ()):
                if title in lexicon.word_set("calendar") and _is_calendar(tokens, at):
                    found.add(title)
    return found


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
    left, right = _version_names(pair.a), _version_names(pair.b)
    numbers = {each.value for each in (*pair.a.quantities, *pair.b.quantities)}
    only = (left ^ right) - numbers
    return f"versions {sorted(only)}" if only else None


def _version_names(analysis: Analysis) -> set[str]:
    return {token.word.lstrip("v") for token in analysis.tokens if token.kind is Kind.VERSION}


NUMBERS = Rule(
    name="numbers",
    looks_at="numbers, ordinals and percentages, in digits and in words",
    vetoes=(
        ("Convert 100 USD to EUR", "Convert 1000 USD to EUR"),
        ("Name three planets", "Name four planets"),
        ("What does HTTP status 404 mean?", "What does HTTP status 403 mean?"),
        ("Who was the first president?", "Who was the second president?"),
        ("Is 120 over 80 high blood pressure?", "Is 80 over 120 high blood pressure?"),
        ("Is a 40 by 60 poster wide?", "Is a 60 by 40 poster wide?"),
    ),
    passes=(
        ("What can I buy for 1,000 dollars?", "What can I buy for $1k?"),
        ("Name 3 planets", "Name three planets"),
        ("Is one apple enough?", "Is an apple enough?"),
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
    ),
    passes=(("How heavy is 5kg?", "How heavy is 5 kilograms?"),),
    check=_units,
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
)
