"""Facts about latencies kept as counters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.metrics.counter_totals import summed, tally
from llm_cache_proxy.domain.metrics.histogram import BOUNDS_MS, histogram, latency_counts


@pytest.mark.parametrize(
    ("milliseconds", "bucket"),
    [(0, "1"), (1, "1"), (1.01, "2"), (499.9, "500"), (30_000, "30000"), (30_001, "inf")],
)
def test_an_answer_counts_in_the_first_bucket_that_holds_it(
    milliseconds: float, bucket: str
) -> None:
    counts = latency_counts("HIT-EXACT", milliseconds)

    assert counts[f"latency:hit_exact:{bucket}"] == 1
    assert counts["latency:hit_exact:sum_us"] == round(milliseconds * 1000)
    assert len(counts) == 2


def test_a_clock_that_went_back_counts_as_no_time() -> None:
    assert latency_counts("MISS", -5) == {"latency:miss:1": 1, "latency:miss:sum_us": 0}


def test_the_median_lies_within_its_bucket_by_the_share_below_it() -> None:
    found = histogram({"10": 50, "20": 50})

    assert found.percentile(0.5) == 10
    assert found.percentile(0.75) == 15


def test_what_is_slower_than_the_last_bound_reads_as_the_last_bound() -> None:
    assert histogram({"inf": 3}).percentile(0.5) == BOUNDS_MS[-1]


def test_no_answers_have_no_latency() -> None:
    found = histogram({})

    assert (found.count, found.mean_ms, found.percentile(0.99)) == (0, 0, 0)


@given(st.lists(st.floats(min_value=0, max_value=29_000), min_size=1, max_size=50))
def test_a_percentile_is_never_further_off_than_its_bucket(spent: list[float]) -> None:
    counts = summed(latency_counts("MISS", value) for value in spent)

    found = tally(counts).latencies["miss"]

    largest = max(spent)
    upper = next(bound for bound in BOUNDS_MS if largest <= bound)
    lower = max((bound for bound in (0, *BOUNDS_MS) if bound < largest), default=0)
    assert found.count == len(spent)
    assert lower <= found.percentile(1.0) <= upper
    assert found.percentile(0.5) <= found.percentile(0.99)
