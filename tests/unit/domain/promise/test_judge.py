import pytest

from llm_cache_proxy.domain.promise import Tally
from llm_cache_proxy.domain.promise.judge import controls_for, judge_of, wrong_interval

CONTROLS = Tally(0, 2_000, 20)


def test_controls_move_the_judge_away_from_what_is_believed_at_first() -> None:
    assert judge_of(Tally()).false_alarms == pytest.approx(0.015)
    assert judge_of(Tally(0, 2_000, 100)).false_alarms > 0.04


def test_the_wrong_share_is_what_differs_beyond_false_alarms_by_the_judges_power() -> None:
    judge = judge_of(CONTROLS)

    assert judge.wrong(judge.false_alarms) == 0.0
    assert judge.wrong(judge.false_alarms + judge.power * 0.1) == pytest.approx(0.1)
    assert (judge.wrong(0.0), judge.wrong(1.0)) == (0.0, 1.0)


@pytest.mark.parametrize("labels", [Tally(), Tally(9, 9, 0), Tally(900, 900, 5), Tally(9, 9, 9)])
def test_labels_that_differ_as_controls_do_are_judged_by_them(labels: Tally) -> None:
    assert controls_for(labels, CONTROLS) == (CONTROLS,)
    assert controls_for(labels, Tally()) == (Tally(),)


def test_controls_that_differ_clearly_more_than_labels_are_of_other_prompts() -> None:
    freer = Tally(0, 2_000, 200)

    assert controls_for(Tally(900, 900, 30), freer) == (freer, Tally())


def test_the_interval_holds_the_share() -> None:
    found = wrong_interval(Tally(400, 400, 64), CONTROLS)

    assert found is not None
    assert found[0] < 0.25 < found[1]


@pytest.mark.parametrize(("labels", "controls"), [(Tally(), CONTROLS), (Tally(9, 9, 1), Tally())])
def test_without_labels_or_controls_nothing_can_be_said(labels: Tally, controls: Tally) -> None:
    assert wrong_interval(labels, controls) is None
