import random

from llm_cache_proxy.domain.promise import Tally
from llm_cache_proxy.domain.promise.drift import drift_evidence, has_drifted


def test_checks_that_differ_as_expected_are_no_change() -> None:
    assert not has_drifted([Tally(0.5, 40, 0), Tally(0.5, 40, 1), Tally(0.5, 40, 0)])


def test_several_that_differ_in_a_short_time_are_a_change() -> None:
    assert has_drifted([Tally(0.5, 40, 0)] * 100 + [Tally(0.1, 10, 2)] * 3)


def test_a_long_good_time_is_no_credit() -> None:
    short, long = ([Tally(0.5, 40, 0)] * windows + [Tally(0.1, 10, 4)] for windows in (1, 100))

    assert drift_evidence(short) == drift_evidence(long)


def test_the_same_few_in_a_long_time_are_no_change() -> None:
    assert not has_drifted([*[Tally(0.5, 40, 0)] * 20, Tally(0.5, 40, 1)] * 3)


def test_false_alarms_are_at_most_one_in_200_windows() -> None:
    alarms, windows = 0, 2_000
    chance = random.Random(1)  # noqa: S311 - no secret
    since: list[Tally] = []
    for _ in range(windows):
        since.append(Tally(0.3, 20, sum(chance.random() < 0.015 for _ in range(20))))
        if has_drifted(since):
            alarms, since = alarms + 1, []

    assert alarms <= windows / 200


def test_no_checks_show_nothing() -> None:
    assert drift_evidence([]) == 0.0
