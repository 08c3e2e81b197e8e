"""Facts about similarities kept as counters."""

import pytest

from llm_cache_proxy.domain.metrics.counter_names import merged
from llm_cache_proxy.domain.metrics.similarities import (
    SimilarityBand,
    similarity_bands,
    similarity_count,
)


@pytest.mark.parametrize(
    ("similarity", "band"),
    [(0.97, 97), (0.9699, 96), (0.96996, 97), (1.0, 99), (0.29, 29), (0.0, 0), (-0.4, 0)],
)
def test_a_band_holds_a_hundredth_from_its_lower_end(similarity: float, band: int) -> None:
    assert similarity_count(similarity, "HIT-SEMANTIC", "similar") == {
        f"similarity:served:{band:02d}": 1
    }


def test_bands_are_read_back_without_gaps() -> None:
    counts = merged(
        similarity_count(0.95, "MISS", "guard:negation"),
        similarity_count(0.951, "MISS", "below-threshold"),
        similarity_count(0.97, "HIT-EXACT", "promoted"),
        {"similarity:odd:97": 1, "similarity:served:x": 2, "misses": 3},
    )

    assert similarity_bands(counts) == [
        SimilarityBand(0.95, 0, 1, 1),
        SimilarityBand(0.96, 0, 0, 0),
        SimilarityBand(0.97, 1, 0, 0),
    ]


def test_where_nothing_was_compared_there_is_no_band() -> None:
    assert similarity_bands({"similarity:served:97": 0}) == []
