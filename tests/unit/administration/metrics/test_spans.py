"""Facts about spans of time and what is drawn of them."""

from typing import Any

import pytest

from llm_cache_proxy.administration.metrics.drawing import drawn
from llm_cache_proxy.administration.metrics.spans import Span
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.ports.exact_store.admin import CounterWindow

NOW = 1_700_000_080.0
MINUTES = Span("hour", 1_699_999_860, 60, 4)
"""Ends with the minute of NOW, which is 40 s old."""


def window(ago: int, seconds: int, misses: int) -> CounterWindow:
    return CounterWindow("t", int(NOW) - ago, seconds, {"misses": misses})


def drawing(windows: list[CounterWindow], span: Span = MINUTES) -> dict[str, Any]:
    return drawn(windows, span, default_prices())


def test_a_series_ends_with_the_present_step_and_has_no_gaps() -> None:
    answer = drawing([window(40, 60, 2), window(40 + 120, 60, 3)])["series"]

    assert [piece["start"] for piece in answer] == [
        1_699_999_860,
        1_699_999_920,
        1_699_999_980,
        1_700_000_040,
    ]
    assert [piece["misses"] for piece in answer] == [0, 3, 0, 2]
    assert [piece["hit_rate"] for piece in answer] == [None, 0.0, None, 0.0]


def test_the_sum_is_of_what_is_drawn_and_of_nothing_else() -> None:
    windows = [window(40, 60, 1), window(100, 30, 2), window(10_000, 60, 4), window(0, 0, 8)]

    answer = drawing(windows)

    assert sum(piece["misses"] for piece in answer["series"]) == 3
    assert answer["window"]["cache_performance"]["misses"] == 3


def test_a_window_wider_than_a_step_or_in_the_future_is_left_out() -> None:
    answer = drawing([window(40, 3_600, 1), window(-600, 60, 1)])

    assert answer["window"]["cache_performance"]["misses"] == 0


def test_similarities_of_the_span_are_drawn() -> None:
    counts = {"similarity:served:97": 2, "similarity:vetoed:97": 1}

    answer = drawing([CounterWindow("t", int(NOW) - 40, 60, counts)])

    assert answer["similarities"] == [{"low": 0.97, "served": 2, "vetoed": 1, "not_served": 0}]


@pytest.mark.parametrize(
    ("name", "step_seconds", "steps"),
    [("hour", 300, 12), ("day", 3_600, 24), ("week", 86_400, 7), ("month", 86_400, 30)],
)
def test_a_range_by_name_ends_with_the_present_step(
    name: str, step_seconds: int, steps: int
) -> None:
    span = Span.up_to(NOW, name)

    assert (span.step_seconds, span.steps) == (step_seconds, steps)
    assert span.end - step_seconds <= NOW < span.end


@pytest.mark.parametrize(
    ("ago", "lasting", "step_seconds"),
    [
        (3_600, 3_600, 300),
        (20_000, 10_000, 3_600),
        (86_000, 86_000, 3_600),
        (200_000, 3_600, 86_400),
        (20_000, 200_000, 86_400),
    ],
)
def test_a_custom_range_holds_what_was_asked_for_in_steps_that_are_kept(
    ago: int, lasting: int, step_seconds: int
) -> None:
    since = int(NOW) - ago

    span = Span.between(NOW, since, since + lasting)

    assert span.step_seconds == step_seconds
    assert span.start <= since < span.start + step_seconds
    assert span.end - step_seconds < since + lasting <= span.end


def test_a_very_long_range_is_cut_to_its_end() -> None:
    span = Span.between(NOW, 0, int(NOW))

    assert span.steps == 60
    assert span.end >= NOW


@pytest.mark.parametrize(("since", "until"), [(None, 5), (5, None), (5, 5), (6, 5)])
def test_a_custom_range_needs_its_two_ends(since: int | None, until: int | None) -> None:
    with pytest.raises(InvalidRequest):
        Span.between(NOW, since, until)


def test_a_range_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidRequest) as refused:
        Span.up_to(NOW, "year")

    assert refused.value.param == "range"
