"""Differences in numbers, in digits and in words: which there are, and where they stand."""

import re
from collections import Counter
from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.arrangement import MOST, changed_places, crossed
from llm_cache_proxy.domain.guard.words import lexicon

_SEVERAL = 2
_MUCH = 4
"""Shared content words of a long statement."""
_ZEROS = re.compile(r"(?<![\w.,:/-])0\d[\w.,:/-]*")
_FILLED = 2
"""Digits of a day, a month or an hour, whose zero only fills a place: "May 03", "07 am"."""
_RANGES = frozenset({"-", "\u2013", "\u2014", "to", "through", "until", "till"})
_LISTS = frozenset({"and", "&", ","})


def _numbers(pair: Pair) -> str | None:
    a, b = pair.a.quantities, pair.b.quantities
    if not (a or b):
        return _other_zeros(pair)
    left, right = Counter(each.value for each in a), Counter(each.value for each in b)
    if left == right:
        return _order(pair) or _other_joint(pair) or _other_zeros(pair)
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


def _other_zeros(pair: Pair) -> str | None:
    """Zeros that are a part of a name, "agent 007", and do not only fill a place: "May 03"."""
    if "0" not in pair.a.text and "0" not in pair.b.text:
        return None
    a, b = _zeros(pair.a), _zeros(pair.b)
    only = [*(a - b), *(b - a)]
    return f"{only[0]} on one side only" if only else None


def _zeros(analysis: Analysis) -> Counter[str]:
    found = (each.rstrip(".,:") for each in _ZEROS.findall(analysis.text))
    return Counter(each for each in found if each.isdigit() and len(each) > _FILLED)


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
    if (
        len(a) < _SEVERAL
        or pair.is_converse
        or not changed_places(a, b, pair.a.plain, pair.b.plain)
    ):
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
        ("Who is agent 007?", "Who is agent 07?"),
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
