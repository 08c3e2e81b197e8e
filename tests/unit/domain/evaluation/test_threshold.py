"""The threshold that a share of wrong hits asks for."""

import pytest

from llm_cache_proxy.domain.evaluation import Decision, LabelledPair, threshold_within
from llm_cache_proxy.domain.guard import Guard

COSINE = Decision(0.9, None)


def pair(similarity: float, *, right: bool = True) -> LabelledPair:
    return LabelledPair("What is Rust?", "What is Go?", right, similarity)


ROWS = [
    *(pair(0.95) for _ in range(10)),
    pair(0.91, right=False),
    *(pair(0.88) for _ in range(9)),
    *(pair(0.71, right=False) for _ in range(5)),
]


@pytest.mark.parametrize(
    ("most_wrong", "threshold", "served", "wrong"),
    [(0.0, 0.915, 10, 0), (0.05, 0.715, 20, 1), (0.25, 0.5, 25, 6)],
)
def test_the_lowest_threshold_that_keeps_the_share_is_chosen(
    most_wrong: float, threshold: float, served: int, wrong: int
) -> None:
    found = threshold_within(ROWS, COSINE, most_wrong)

    assert found is not None
    assert (found.threshold, found.served, found.wrong) == (threshold, served, wrong)


def test_its_share_comes_with_the_interval_that_so_few_pairs_allow() -> None:
    found = threshold_within(ROWS, COSINE, 0.05)

    assert found is not None
    assert found.as_json()["wrong_share"] == 0.05
    low, high = found.wrong_share_interval or (0, 0)
    assert low < 0.05
    assert high > 0.2


def test_what_the_guard_refuses_is_not_served_wrongly() -> None:
    found = threshold_within(ROWS, Decision(0.9, Guard()), 0.0)

    assert found is None


def test_where_nothing_is_right_no_threshold_is_chosen() -> None:
    assert threshold_within([pair(0.9, right=False)], COSINE, 0.1) is None
    assert threshold_within([], COSINE, 0.1) is None
