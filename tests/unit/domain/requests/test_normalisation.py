"""Facts about which spellings are one prompt."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from llm_cache_proxy.domain.requests import keys
from llm_cache_proxy.domain.requests.keys import is_respelt, normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is Rust?", "what is rust?"),
        ("What is Rust?", "  WHAT   IS\nRUST?  "),
        ("caf\u00e9", "cafe\u0301"),
        ("Straße", "STRASSE"),
        ("What's the capital of France?", "what's the capital of france?"),
    ],
)
def test_case_spacing_and_composition_of_prose_are_one(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    "code",
    [
        "Fix `Foo  bar`",
        "```\nX =  1\n```",
        "Explain:\n    if A:\n        b()",
        "why does print(X) fail",
        "rename myVar",
        "rename MY_VAR please",
        "what does ls -L do",
        "what does git --No-pager do",
        "open /etc/Hosts",
        "see https://Example.com/A",
        "SELECT Name FROM Users",
        "Name: a\nVersion: b\n",
        "- old Line\n+ new Line",
        "<B>bold</B>",
        "$Path",
        "A && b | c",
        "read README.md",
        "a\tB  c == d",
    ],
)
def test_code_stays_as_it_was_written(code: str) -> None:
    assert normalised(code) == code


def test_normalising_twice_changes_nothing() -> None:
    once = normalised("  Hello   WORLD, how ARE you? ")

    assert normalised(once) == once


@pytest.mark.parametrize(
    "text",
    ["x" + "\n" * 7_900 + "y", "x" + " \n" * 3_950 + "y", "SELECT a " * 880],
    ids=["blank lines", "lines of spaces", "one word of SQL"],
)
def test_no_text_takes_more_time_than_its_length_requires(text: str) -> None:
    """What is quadratic takes half a minute here, and what is not takes milliseconds."""
    start = time.process_time()

    for _ in range(50):
        normalised(text)

    assert time.process_time() - start < 5


def test_a_text_beyond_what_the_guard_reads_stays_as_it_was_written() -> None:
    text = "What IS  this? " * 600

    assert normalised(text) == text


@pytest.mark.parametrize(
    "code",
    ["so: SELECT a, SELECT B FROM c", "first\nthen DELETE it WHERE a", "\n\n  A: b\n\n C: d"],
)
def test_code_is_seen_wherever_it_stands(code: str) -> None:
    assert normalised(code) == code


_WORDS = ("a", "b c", "Is", "SELECT", "FROM", "x1", "é")
_PIECES = st.sampled_from([*_WORDS, "    ", *" \u2003\n\r\t-.:,()/_@+`{=#~"])


@given(st.lists(_PIECES | st.text(max_size=3), max_size=12).map("".join))
@example("    indented")
@example("a -flag")
@example("-flag")
@example("f(x")
@example("(as here). So")
@example("first\n    indented")
def test_the_quick_look_overlooks_no_code(text: str) -> None:
    is_code = keys._CODE.search(text) is not None

    assert (normalised(text) == text) >= is_code
    assert keys._may_hold_code(text) == is_code


def test_another_case_or_spacing_is_another_spelling_in_code_as_well() -> None:
    assert is_respelt("ls  -A", "ls -a")
    assert not is_respelt("ls -A", "ls -A")
    assert not is_respelt("ls -A", "ls -Al")
