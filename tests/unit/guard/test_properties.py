"""What holds of the guard for any two texts, and what any text may cost."""

import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.limits import LONGEST_TEXT
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rules import RULES
from llm_cache_proxy.domain.guard.text.analysis import analyse

GUARD = Guard()
NAMES = {rule.name for rule in RULES} | {"oversize"}

VOCABULARY = """
how do I not without enable disable 3 three 100 km miles before after from to Paris London
Python C++ all some only can't isn't was will he she 'quoted' "said" `x = 1` --flag v1.2.3
2024-01-02 17:00 5pm translate fix: , . ? ! ( ) = + - / $ € % and or pros cons a the US us
日本語 привет naïve café https://a.b/c a_b camelCase 1,000 1k half
"""
WORDS = st.sampled_from(VOCABULARY.split())
PROMPTS = st.lists(WORDS, max_size=24).map(" ".join)
TEXTS = st.one_of(st.text(), PROMPTS, st.text(st.characters(categories=["Cs", "Cf", "Mn", "Nd"])))


@given(TEXTS, TEXTS)
@example("Is 'a' == ?", "")
@example("Is ß ok", "Is ss ok")
@example("Compare tea, milk and rum", "Compare tea, milk and rum 🙂")
def test_a_verdict_is_the_same_both_ways_round(a: str, b: str) -> None:
    assert GUARD.compare(a, b) == GUARD.compare(b, a)


@given(TEXTS)
@example("\ud800")
@example("x" * (LONGEST_TEXT + 1))
def test_a_text_always_accepts_itself(text: str) -> None:
    assert GUARD.compare(text, text).accepted


@given(TEXTS)
@example("0-A .")
@example('-"0 .')
def test_no_rule_finds_a_difference_in_one_text(text: str) -> None:
    assert GUARD.compare(text + " ", text).accepted
    assert GUARD.compare(text, text + "\n").accepted


@given(TEXTS, TEXTS)
@example("\x00", "\ud800")
@example("²", "٣")
@example("1" * 400, "½")
@example("99999999999999999999999:99", "0:00pm")
@example("ß", "SS")
@example("İ", "i̇")
def test_any_two_texts_get_a_verdict(a: str, b: str) -> None:
    verdict = GUARD.compare(a, b)

    assert verdict.accepted == (verdict.rule is None)
    assert verdict.rule is None or verdict.rule in NAMES


@given(TEXTS, TEXTS)
def test_a_verdict_carries_no_whole_prompt(a: str, b: str) -> None:
    detail = GUARD.compare(a, b).detail

    assert detail is None or len(detail) <= 120


def filled(piece: str, size: int) -> str:
    """`piece` over and over, `size` characters of it."""
    return (piece * size)[:size]


def steps(piece: str, size: int) -> int:
    """Lines of Python that every rule together runs for two such texts."""
    a, b = filled(piece, size), filled(piece, size - 1) + "z"
    count = 0

    def traced(*_: Any) -> Any:
        nonlocal count
        count += 1
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        pair = Pair(analyse(a), analyse(b))
        for rule in RULES:
            rule.check(pair)
    finally:
        sys.settrace(before)
    return count


HOSTILE = {
    "one word": "a",
    "words": "word ",
    "distinct words": "".join(f"w{number} " for number in range(3_000)),
    "distinct real words": "".join(
        f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}x " for n in range(676)
    ),
    "digits": "1",
    "numbers": "1,234.5 km ",
    "thousands": "1,",
    "negators": "not ",
    "quotes": '"a" ',
    "open quotes": '"a',
    "backticks": "`",
    "fences": "``` ",
    "dashes": "-",
    "apostrophes": "a'",
    "dots": "a.",
    "slashes": "/a",
    "at signs": "a@",
    "colons": "fix: ",
    "capitals": "Aab ",
    "names": "Paris and London ",
    "number words": "twenty hundred and ",
    "spaces": " ",
    "signs": "漢",
    "marks": "a\u0301",
    "directions": "from A to B by C ",
    "opposites": "pros and cons ",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE.keys())
def test_twice_the_text_is_about_twice_the_work(piece: str) -> None:
    GUARD.compare("read the word", "lists first")
    GUARD.compare("The word lists are not hard to read", "The word lists are easy to read")

    once, twice = steps(piece, 1_000), steps(piece, 2_000)

    assert twice < 2.6 * once + 2_000


@given(st.integers(1, 20), st.text())
def test_what_is_too_long_to_compare_is_vetoed(more: int, other: str) -> None:
    assert GUARD.compare("x" * (LONGEST_TEXT + more), other).rule == "oversize"
