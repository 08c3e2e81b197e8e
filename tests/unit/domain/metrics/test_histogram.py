"""Facts about latencies kept as counters."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.metrics.counter_names import EDGES_MS, latency_counts
from llm_cache_proxy.domain.metrics.counter_totals import summed, tally
from llm_cache_proxy.domain.metrics.histogram import BOUNDS_MS, Histogram, histogram

IN_RANGE = st.floats(min_value=EDGES_MS[0], max_value=EDGES_MS[-1], exclude_min=True)
ANY = st.floats(min_value=0, max_value=10 * EDGES_MS[-1])
FLOAT_ERROR = 1e-9


def seen(*milliseconds: float) -> Histogram:
    """The histogram of answers that took so long."""
    return tally(summed(latency_counts("MISS", value) for value in milliseconds)).latencies["miss"]


@pytest.mark.parametrize(
    ("milliseconds", "bucket"),
    [(0, 0), (1 / 16, 0), (0.07, 3), (1, 56), (1.01, 57), (2**19, 322), (2**19 + 1, 323)],
)
def test_an_answer_counts_in_the_first_bucket_that_holds_it(
    milliseconds: float, bucket: int
) -> None:
    counts = latency_counts("HIT-EXACT", milliseconds)

    assert counts[f"latency:hit_exact:b{bucket}"] == 1
    assert counts["latency:hit_exact:sum_us"] == int(milliseconds * 1000)
    assert len(counts) == 2


def test_a_clock_that_went_back_counts_as_no_time() -> None:
    assert latency_counts("MISS", -5) == {"latency:miss:b0": 1, "latency:miss:sum_us": 0}


def test_no_bucket_is_wider_than_its_five_percent() -> None:
    assert max(high / low for low, high in pairwise(EDGES_MS)) < 1 / 0.95


def test_no_answers_have_no_latency() -> None:
    found = histogram({})

    assert (found.count, found.mean_ms, found.percentile(0.99)) == (0, 0, 0)


def test_counters_of_other_buckets_are_left_out() -> None:
    assert histogram({"500": 3, "inf": 1}).count == 0


def test_answers_that_all_took_as_long_are_read_as_they_were() -> None:
    assert seen(25.0, 25.0, 25.0).percentile(0.5) == 25.0


def test_what_is_faster_than_the_first_edge_reads_as_nothing() -> None:
    assert seen(0.01, 100.0).percentile(0.5) == 0


@given(st.lists(IN_RANGE, min_size=1, max_size=60), st.floats(min_value=0, max_value=1))
def test_a_percentile_is_within_five_percent_of_the_answer_of_its_rank(
    spent: list[float], share: float
) -> None:
    rank = max(1, math.ceil(share * len(spent)))
    observed = sorted(spent)[rank - 1]

    assert seen(*spent).percentile(share) == pytest.approx(observed, rel=0.05)


@given(st.lists(ANY, min_size=1, max_size=60), st.floats(min_value=0, max_value=1))
def test_no_percentile_is_above_the_slowest_answer(spent: list[float], share: float) -> None:
    assert seen(*spent).percentile(share) <= max(spent) * (1 + FLOAT_ERROR)


@given(st.lists(ANY, min_size=1, max_size=60))
def test_a_higher_percentile_is_no_lower(spent: list[float]) -> None:
    found = seen(*spent)

    shares = [number / 20 for number in range(21)]
    values = [found.percentile(share) for share in shares]
    assert values == sorted(values)


@given(st.lists(ANY, max_size=30), st.lists(ANY, min_size=1, max_size=30))
def test_sums_of_counters_are_the_histogram_of_all(one: list[float], other: list[float]) -> None:
    parts = [summed(latency_counts("MISS", value) for value in some) for some in (one, other)]

    assert tally(summed(parts)).latencies["miss"] == seen(*one, *other)


@given(st.lists(ANY, min_size=1, max_size=60))
def test_the_few_bounds_count_what_took_no_longer(spent: list[float]) -> None:
    counted = [sum(value <= bound for value in spent) for bound in BOUNDS_MS]

    assert list(seen(*spent).below_ms()) == counted


@given(st.lists(st.floats(min_value=10, max_value=100), min_size=1, max_size=300))
def test_a_window_holds_some_fifty_names_where_answers_differ_tenfold(spent: list[float]) -> None:
    names = summed(latency_counts("MISS", value) for value in spent)

    assert len(names) <= min(len(spent), 48) + 1
