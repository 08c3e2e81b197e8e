"""Facts about what counters add up to."""

import pytest

from llm_cache_proxy.domain.metrics.counter_totals import tally


@pytest.mark.parametrize(
    ("counts", "rate"),
    [
        ({"exact_hits": 3, "semantic_hits": 1, "misses": 6}, 0.4),
        ({"exact_hits": 3, "misses": 4, "not_read": 3}, 0.75),
        ({"misses": 2, "not_read": 2, "error": 5}, 0.0),
        ({"exact_hits": 1, "not_read": 2}, 1.0),
        ({}, 0.0),
    ],
)
def test_the_hit_rate_is_of_what_could_have_been_hit(counts: dict[str, int], rate: float) -> None:
    assert tally(counts).hit_rate == rate
