"""Facts about time: no text of the length that is compared holds up the loop that serves."""

from time import process_time

import pytest

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.limits import LONGEST_TEXT
from llm_cache_proxy.domain.guard.text.analysis import analyse

SECONDS = 2.0
"""Ten times what the slowest takes on a busy machine."""

LONG = {
    "a log": "\n".join(f"[INFO] request {n} was answered in {n * 7} ms" for n in range(160)),
    "links": "See [the docs](https://example.org/docs/a) and what follows. " * 110,
    "tags that are not closed": "<a>" * 2_600,
    "other tags that are not closed": "".join(f"<a{number}>" for number in range(1_200)),
    "tags of nothing": "<a></a>" * 1_100,
    "tags": "<a>b</a>" * 950,
    "tags that do not end": "<a b " * 1_500,
    "one tag that does not end": "<" + "a" * 7_900,
    "marks that are not closed": "<" * 7_900,
    "marks of nothing": "<" * 7_900 + ">>",
    "quotes of nothing": '"""' * 2_600,
}

UNITS = (
    *("& ", "; ", "{ ", "( ", "[ ", "[x] ", "<a>", "* ", "_ ", "` ", "' ", '" ', "- ", "= ", "# "),
    *("| ", "^ ", "\\ ", "$1 ", "1/2 ", "a: ", "! ", "? ", ". ", ", ", "@ ", "~ ", "\n", "\n "),
    *("'a' ", "(a) ", "f(a, ", "k: v, ", "-a .. ", "sleep & ", "bash '$a' ", "- a\n"),
)

RUNS = (*".:-/,;_*'1", "1,", "a,", "1.", "1:", "a.", "a's' ", "[your a ", "the 1/2 a ")
"""What a pattern may take in several ways before it finds that the end is another."""


def seconds_to_compare(one: str, other: str) -> float:
    guard = Guard()
    guard.load()
    analyse.cache_clear()
    started = process_time()
    guard.compare(one, other)
    return process_time() - started


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_long_text_with_openings_is_compared_at_once(text: str) -> None:
    taken = seconds_to_compare(text, f"{text} x")

    assert len(text) < LONGEST_TEXT - 2
    assert taken < SECONDS


@pytest.mark.parametrize("unit", UNITS)
def test_a_mark_that_is_repeated_is_compared_at_once(unit: str) -> None:
    text = ("Is " + unit * LONGEST_TEXT)[: LONGEST_TEXT - 20]

    taken = seconds_to_compare(text, f"{text}x")

    assert taken < SECONDS


@pytest.mark.parametrize("unit", RUNS)
def test_a_run_that_ends_in_another_way_is_compared_at_once(unit: str) -> None:
    text = ("Is " + unit * LONGEST_TEXT)[: LONGEST_TEXT - 20]

    taken = seconds_to_compare(f"{text}@", f"{text} /")

    assert taken < SECONDS
