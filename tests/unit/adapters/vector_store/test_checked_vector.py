"""Which lists of numbers are a vector."""

import math

import pytest

from llm_cache_proxy.adapters.vector_store.qdrant.payload import checked_vector
from llm_cache_proxy.domain.errors import VectorStoreUnavailable


@pytest.mark.parametrize(
    "vector", [[math.inf, 0.0], [math.nan, 0.0], [math.inf, -math.inf], [-math.inf, 1e308]], ids=str
)
def test_a_number_that_is_not_finite_makes_none(vector: list[float]) -> None:
    with pytest.raises(VectorStoreUnavailable, match="not finite"):
        checked_vector(vector, None)


def test_numbers_whose_sum_is_not_finite_may_be_one() -> None:
    assert checked_vector([1e308, 1e308], 2) == [1e308, 1e308]
