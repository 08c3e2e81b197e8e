import random
from math import log

import pytest

from llm_cache_proxy.domain.promise.proof import (
    MISSED,
    Controls,
    Stratum,
    log_evidence,
    most_wrong_within,
    proves,
)

PRIOR = (0.6, 30.0)
CONTROLS = Controls(2_000, 20)
SURE = log(20)


def one(labelled: float, differing: float) -> list[Stratum]:
    return [Stratum(1.0, labelled, differing, PRIOR)]


def test_nothing_is_proven_by_no_labels() -> None:
    assert log_evidence(one(0, 0), Controls(), 0.05) == pytest.approx(0.0)


def test_right_labels_prove_and_wrong_ones_disprove() -> None:
    few, many, wrong = (log_evidence(one(*each), CONTROLS, 0.05) for each in WORLDS)

    assert few < SURE < many
    assert wrong < few


WORLDS = ((100, 1), (600, 6), (600, 60))


@pytest.mark.parametrize("labelled", [1_000, 5_000, 100_000])
@pytest.mark.parametrize("differing", [0.61, 0.63, 0.9, 1.0])
def test_nothing_but_wrong_candidates_is_never_proven_however_good_the_judge_is(
    labelled: int, differing: float
) -> None:
    """It may find more of what is wrong than is assumed of it."""
    wrong = Stratum(0.5, labelled, labelled * differing, PRIOR)
    right = Stratum(0.5, labelled, labelled * 0.01, PRIOR)

    assert not proves(one(labelled, labelled * differing), CONTROLS, 0.05, SURE)
    assert not proves([wrong, right], CONTROLS, 0.05, SURE)


@pytest.mark.parametrize(("judged", "differing"), [(1e5, 0), (1e6, 0), (1e6, 50), (1e7, 1e5)])
def test_controls_prove_nothing_by_themselves_however_many_they_are(
    judged: float, differing: float
) -> None:
    controls = Controls(judged, differing)

    assert log_evidence(one(0, 0), controls, 0.05) < 0.5
    assert not proves(one(1_000, 60), controls, 0.05, SURE)


def test_a_stricter_promise_needs_more_labels() -> None:
    labels = one(600, 6)

    assert proves(labels, CONTROLS, 0.05, SURE)
    assert not proves(labels, CONTROLS, 0.02, SURE)


def test_without_controls_no_difference_is_blamed_on_the_judge() -> None:
    labels = one(900, 18)

    assert proves(labels, Controls(2_000, 40), 0.05, SURE)
    assert not proves(labels, Controls(), 0.05, SURE)


def test_a_first_control_that_differs_proves_nothing_and_breaks_nothing() -> None:
    assert not proves(one(30, 0), Controls(1, 1), 0.05, SURE)


def test_labels_that_differ_as_controls_do_prove_most() -> None:
    """The prediction that nothing is wrong takes fewer labels than one for labels by themselves."""
    assert proves(one(400, 4), CONTROLS, 0.05, -log(0.7 * 0.05 * 0.4))


def test_a_doubtful_judge_proves_nothing_that_the_likeliest_judge_would() -> None:
    """Evidence is taken at the false alarms that suit the broken promise best."""
    labels, controls = one(520, 9), Controls(120, 2)

    assert log_evidence(labels, controls, 0.05) < log_evidence(labels, Controls(12_000, 200), 0.05)


def test_labels_of_two_rates_are_weighed_by_the_traffic() -> None:
    mostly_right = [Stratum(0.9, 300, 2, PRIOR), Stratum(0.1, 900, 60, PRIOR)]
    mostly_wrong = [Stratum(0.1, 300, 2, PRIOR), Stratum(0.9, 900, 60, PRIOR)]

    assert log_evidence(mostly_right, CONTROLS, 0.05) > log_evidence(mostly_wrong, CONTROLS, 0.05)


def test_traffic_that_was_never_labelled_counts_as_wrong() -> None:
    half_known = [Stratum(0.5, 900, 6, PRIOR), Stratum(0.5, 0, 0, PRIOR)]

    assert log_evidence(half_known, CONTROLS, 0.05) < 0


def test_the_bound_is_the_least_promise_that_is_proven() -> None:
    bound = most_wrong_within(one(600, 6), CONTROLS, SURE)

    assert 0.02 < bound < 0.05
    assert proves(one(600, 6), CONTROLS, bound, SURE)
    assert not proves(one(600, 6), CONTROLS, bound - 0.002, SURE)


def test_a_broken_promise_is_hardly_ever_proven_however_often_one_looks() -> None:
    """Ville's inequality: at most one stream in twenty, though each is looked at twenty times."""
    most_wrong, false_alarms = 0.05, 0.01
    fooled, streams = 0, 200
    differing_share = false_alarms + (1 - false_alarms - MISSED) * most_wrong
    for seed in range(streams):
        chance = random.Random(seed)  # noqa: S311 - no secret
        controls = Controls(500, sum(chance.random() < false_alarms for _ in range(500)))
        differing, proven = 0, False
        for look in range(1, 21):
            differing += sum(chance.random() < differing_share for _ in range(50))
            proven = proven or proves(one(50.0 * look, differing), controls, most_wrong, SURE)
        fooled += proven

    assert 0 < fooled <= streams / 20
