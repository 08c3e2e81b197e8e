import random
from collections.abc import Sequence
from math import exp, lgamma, log, log1p

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


def likelihood(labelled: float, differing: float, share: float) -> float:
    same = labelled - differing
    return (differing * log(share) if differing else 0.0) + (same * log1p(-share) if same else 0.0)


def predicted(strata: Sequence[Stratum], controls: Controls) -> float:
    """The mean of both predictions."""

    def beta_binomial(labelled: float, differing: float, one: float, other: float) -> float:
        same = labelled - differing
        found = lgamma(one + differing) + lgamma(other + same) - lgamma(one + other + labelled)
        return found - lgamma(one) - lgamma(other) + lgamma(one + other)

    apart = beta_binomial(controls.judged, controls.differing, 1, 60)
    apart += sum(beta_binomial(s.labelled, s.differing, *s.prior) for s in strata)
    labelled = controls.judged + sum(s.labelled for s in strata)
    differing = controls.differing + sum(s.differing for s in strata)
    alike = beta_binomial(labelled, differing, 3, 197)
    return max(apart, alike) + log1p(exp(-abs(apart - alike))) - log(2)


def two(share: float, one: tuple[float, float], other: tuple[float, float]) -> list[Stratum]:
    return [Stratum(share, *one, PRIOR), Stratum(1 - share, *other, PRIOR)]


@pytest.mark.parametrize(
    ("strata", "controls", "false_alarms", "wrong"),
    [
        (two(0.01, (1e6, 0), (10, 0)), Controls(1_000, 0), 1e-15, (0, 0.001 / 0.99)),
        (two(0.999, (1e7, 10_052), (1e7, 0)), Controls(100, 0), 1e-15, (0.00167533, 0)),
        (two(0.5, (1e4, 6_122), (1_000, 10)), Controls(1e8, 0), 1e-15, (1, 0.0167)),
        (two(0.5, (1e4, 100), (1e4, 9_900)), Controls(1e7, 1e5), 0.01, (0, 1)),
        (one(1e7, 3_150_000), Controls(1e9, 3e8), 0.3, (0.05,)),
    ],
)
def test_no_world_that_breaks_the_promise_is_likelier_than_was_reckoned_with(
    strata: list[Stratum], controls: Controls, false_alarms: float, wrong: tuple[float, ...]
) -> None:
    """Where all of a stratum are wrong, the judge may find more of them than is assumed."""
    world = likelihood(controls.judged, controls.differing, false_alarms)
    for stratum, share in zip(strata, wrong, strict=True):
        least = false_alarms + (1 - false_alarms - MISSED) * share
        found = stratum.differing / stratum.labelled
        differing = max(least, found) if share == 1 else least
        world += likelihood(stratum.labelled, stratum.differing, differing)

    broken = sum(s.share * share for s, share in zip(strata, wrong, strict=True))
    evidence = log_evidence(strata, controls, broken)

    assert evidence <= predicted(strata, controls) - world + 1e-5


@pytest.mark.parametrize("seed", range(40))
def test_no_world_drawn_at_random_is_likelier_either_whatever_was_counted(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    share, most_wrong = chance.choice([1e-4, 0.1, 0.5, 0.97]), chance.choice([0.01, 0.02, 0.05])
    counts = [10.0 ** chance.randrange(8) for _ in range(3)]
    errs = chance.choice([0.0, 1e-3, 0.01, 0.1, 0.299])
    judged, *labelled = counts
    broken = chance.uniform(most_wrong, min(1.0, 3 * most_wrong))
    shares = [errs + (0.6 - errs) * broken] * 2
    found = [round(n * p) for n, p in zip(labelled, shares, strict=True)]
    strata = two(share, (labelled[0], found[0]), (labelled[1], found[1]))
    controls = Controls(judged, round(judged * errs))

    evidence = log_evidence(strata, controls, most_wrong)

    world = likelihood(judged, controls.differing, errs or 1e-12)
    world += sum(likelihood(n, d, p) for n, d, p in zip(labelled, found, shares, strict=True))
    assert evidence <= predicted(strata, controls) - world + 1e-6


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
