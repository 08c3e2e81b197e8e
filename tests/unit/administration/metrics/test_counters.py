"""Facts about cutting counters into spans of time."""

from llm_cache_proxy.administration.metrics.counters import over, series
from llm_cache_proxy.ports.exact_admin import CounterWindow

NOW = 1_700_000_080.0  # 40 s into a minute


def window(ago: int, seconds: int, misses: int) -> CounterWindow:
    return CounterWindow("t", int(NOW) - ago, seconds, {"misses": misses})


def test_a_span_holds_the_windows_whose_middle_lies_in_it() -> None:
    windows = [window(3_700, 60, 1), window(3_620, 60, 10), window(30, 60, 100)]

    assert over(windows, NOW, 3_600) == {"misses": 110}


def test_all_time_holds_what_was_folded_together_and_a_span_does_not() -> None:
    windows = [window(0, 0, 1), window(30, 60, 10)]

    assert over(windows, NOW, None) == {"misses": 11}
    assert over(windows, NOW, 3_600) == {"misses": 10}


def test_a_series_ends_with_the_present_step_and_has_no_gaps() -> None:
    windows = [window(40, 60, 2), window(40 + 120, 60, 3)]

    answer = series(windows, NOW, 60, 4)

    assert [piece["start"] for piece in answer] == [
        1_699_999_860,
        1_699_999_920,
        1_699_999_980,
        1_700_000_040,
    ]
    assert [piece["misses"] for piece in answer] == [0, 3, 0, 2]
    assert [piece["hit_rate"] for piece in answer] == [None, 0.0, None, 0.0]


def test_a_step_sums_tenants_and_finer_windows() -> None:
    windows = [window(40, 60, 1), window(40, 60, 1), window(40 + 60, 60, 1)]

    answer = series(windows, NOW, 3_600, 2)

    assert sum(int(str(piece["misses"])) for piece in answer) == 3


def test_a_window_wider_than_a_step_or_outside_is_left_out() -> None:
    windows = [window(40, 3_600, 1), window(0, 0, 1), window(10_000, 60, 1), window(-600, 60, 1)]

    answer = series(windows, NOW, 60, 5)

    assert all(piece["misses"] == 0 for piece in answer)
