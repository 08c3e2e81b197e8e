"""Facts about cutting counters into spans of time."""

from llm_cache_proxy.administration.metrics.counters import over
from llm_cache_proxy.ports.exact_store.admin import CounterWindow

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
