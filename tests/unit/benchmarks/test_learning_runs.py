"""Facts about a simulated tenant: what it is served by the product's own rule."""

import numpy as np
from benchmarks.accuracy.learning_runs import PLANNED_EVERY, Noise, Outcome, learned
from benchmarks.accuracy.learning_streams import homogeneous

JUDGE = Noise(false_alarms=0.01, missed=0.37)
CANDIDATES = 400


def run(right: float, promise: float = 0.05) -> Outcome:
    stream = homogeneous(1, count=CANDIDATES, right=right)
    return learned(stream, promise, JUDGE, np.random.default_rng(0), controls=2_000)


def test_right_candidates_are_served_from_the_first_look_on() -> None:
    served = run(right=1.0).hits, run(right=1.0, promise=0.02).hits

    assert served == (CANDIDATES - PLANNED_EVERY, 0)


def test_wrong_ones_are_never_served_where_labels_are_there_before() -> None:
    assert run(right=0.0).hits == 0


def test_where_a_little_more_is_wrong_than_promised_trust_ends() -> None:
    found = run(right=0.93)

    assert 0 < found.wrong < found.hits < CANDIDATES / 2
    assert not found.serves
