"""Facts about the proof by a ratio of likelihoods."""

import random
from math import log

import pytest

from llm_cache_proxy.domain.promise import Tally
from llm_cache_proxy.domain.promise.evidence import NONE_YET
from llm_cache_proxy.domain.promise.proof import MISSED
from llm_cache_proxy.domain.promise.ratio import log_ratio, most_wrong_by_ratio, ratio_proves

CONTROLS = Tally(0, 2_000, 20)
DOUBT = 0.03


def labels(number: int, differing: int) -> Tally:
    return Tally(number, number, differing)


@pytest.mark.parametrize(("differing", "needed"), [(0, 150), (1, 200), (2, 240)])
def test_so_many_labels_prove_five_percent(differing: int, needed: int) -> None:
    assert ratio_proves(labels(needed, differing), CONTROLS, 0.05, DOUBT)
    assert not ratio_proves(labels(needed - 20, differing), CONTROLS, 0.05, DOUBT)


def test_nothing_is_proven_by_nothing() -> None:
    assert log_ratio(NONE_YET, CONTROLS, 0.05) == 0.0
    assert most_wrong_by_ratio(NONE_YET, CONTROLS, DOUBT) == pytest.approx(1.0, abs=1e-3)


def test_less_is_proven_while_no_control_has_shown_that_the_judge_errs() -> None:
    found = labels(400, 4)

    assert log_ratio(found, NONE_YET, 0.05) < log_ratio(found, CONTROLS, 0.05)


def test_a_judge_that_errs_often_takes_more_labels() -> None:
    poor = Tally(0, 20_000, 2_000)

    assert not ratio_proves(labels(1_000, 100), poor, 0.05, DOUBT)
    assert ratio_proves(labels(2_500, 250), poor, 0.05, DOUBT)


def test_the_bound_is_what_is_proven() -> None:
    found = labels(400, 4)
    bound = most_wrong_by_ratio(found, CONTROLS, DOUBT)

    assert ratio_proves(found, CONTROLS, bound, DOUBT)
    assert not ratio_proves(found, CONTROLS, bound - 0.001, DOUBT)


@pytest.mark.parametrize("controls", [2_000, 0])
@pytest.mark.parametrize("false_alarms", [0.0, 0.01])
def test_a_broken_promise_is_proven_hardly_more_often_than_the_doubt_says(
    controls: int, false_alarms: float
) -> None:
    """However often one looks, whether controls have shown how often the judge errs or not."""
    chance = random.Random(1)  # noqa: S311 - no secret
    share = false_alarms + (1 - false_alarms - MISSED) * 0.05
    known = Tally(0, controls, round(false_alarms * controls))
    same, differs = (log_ratio(labels(1, differing), known, 0.05) for differing in (0, 1))
    ever = 0
    for _ in range(1_000):
        found = 0.0
        for _ in range(1_000):
            found += differs if chance.random() < share else same
            if found >= -log(DOUBT):
                ever += 1
                break

    assert ever <= 1.3 * DOUBT * 1_000
