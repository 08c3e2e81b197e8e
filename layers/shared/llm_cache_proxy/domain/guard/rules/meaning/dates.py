"""Differences in dates, months, weekdays and times of day."""

from functools import cache

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.arrangement import Item, changed_places, item_at
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_SEVERAL = 2
_TIMED = frozenset({Kind.DATE, Kind.TIME})
_SAYING = frozenset({"say", "tell", "announc"})
_NEAR = 2
_AMBIGUOUS = frozenset({"may", "march", "mon", "sat", "sun", "jan", "mar", "dec"})


def _dates(pair: Pair) -> str | None:
    in_a, in_b = _moments(pair.a), _moments(pair.b)
    left, right = {item.value for item in in_a}, {item.value for item in in_b}
    if left | right <= {"today"}:
        return None
    if pair.retells and not (left and right) and _says_when(pair.a) and _says_when(pair.b):
        return None
    if left != right:
        return f"dates {sorted(left - right)} and {sorted(right - left)}"
    if len(left) < _SEVERAL or pair.is_converse:
        return None
    if changed_places(in_a, in_b, pair.a.plain, pair.b.plain):
        return "dates that change places"
    return None


@once_a_text
def _moments(analysis: Analysis) -> list[Item]:
    """Calendar words, dates and times of a text in one spelling."""
    tokens, named = analysis.plain, _calendar()
    if _TIMED.isdisjoint(analysis.kinds) and named.keys().isdisjoint(analysis.words):
        return []
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
