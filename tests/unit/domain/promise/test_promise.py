import pytest

from llm_cache_proxy.domain.promise import Cell, Evidence, Plan, Promise, Tally
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.promise import has_drifted, judge_of

TOP = BANDS - 1
CONTROLS = Tally(0, 2_000, 20)
FIVE = Promise(0.05)


def evidence(**differing: int) -> Evidence:
    """300 labels in each band of the guard's accepted candidates, so many differing (`b7=3`)."""
    cells = {
        Cell("", band): Tally(300, 300, differing.get(f"b{band}", 150)) for band in range(BANDS)
    }
    return Evidence(cells, CONTROLS)


def test_nothing_is_served_before_there_are_labels() -> None:
    assert FIVE.plan(Evidence()) == Plan()


def test_a_band_is_served_once_its_labels_keep_the_promise() -> None:
    plan = FIVE.plan(evidence(b7=3, b6=3))

    assert set(plan.served) == {Cell("", 7), Cell("", 6)}
    assert plan.estimate < plan.bound <= 0.05


def test_a_threshold_goes_down_with_right_labels_and_up_with_wrong_ones() -> None:
    few = FIVE.plan(evidence(b7=3))
    more = FIVE.plan(evidence(b7=3, b6=3, b5=3, b4=3))
    wrong = FIVE.plan(evidence(b7=90, b6=90))

    assert (few.lowest_band(), more.lowest_band(), wrong.lowest_band()) == (7, 4, None)


def test_a_stricter_promise_serves_less() -> None:
    labels = evidence(b7=3, b6=3, b5=8)

    assert len(Promise(0.01).plan(labels).served) < len(FIVE.plan(labels).served)


def test_a_rule_that_turns_right_hits_away_is_overruled_by_labels() -> None:
    cells = {
        **evidence(b7=3).cells,
        Cell("substitution", TOP): Tally(400, 400, 4),
        Cell("numbers", TOP): Tally(400, 400, 4),
    }

    plan = FIVE.plan(Evidence(cells, CONTROLS))

    assert plan.serves(Cell("substitution", TOP))
    assert not plan.serves(Cell("numbers", TOP))  # what it sees changes an answer's facts
    assert not plan.serves(None)


def test_every_band_may_be_served() -> None:
    cells = {Cell("", band): Tally(900, 900, 9) for band in range(BANDS)}

    assert FIVE.plan(Evidence(cells, CONTROLS)).lowest_band() == 0


def test_a_judge_that_differs_on_exact_hits_is_corrected_for() -> None:
    labels = {Cell("", TOP): Tally(2_000, 2_000, 120)}

    strict = FIVE.plan(Evidence(labels, Tally(0, 2_000, 20)))
    lenient = FIVE.plan(Evidence(labels, Tally(0, 2_000, 120)))

    assert not strict.served
    assert lenient.estimate == pytest.approx(0.0, abs=0.01)
    assert lenient.served


def test_a_judge_that_tells_nothing_lets_nothing_be_served() -> None:
    labels = {Cell("", TOP): Tally(2_000, 2_000, 0)}

    assert not FIVE.plan(Evidence(labels, Tally(0, 2_000, 900))).served


def test_controls_move_the_judge_away_from_what_is_believed_at_first() -> None:
    assert judge_of(Evidence()).false_alarms == pytest.approx(0.015)
    assert judge_of(Evidence(controls=Tally(0, 2_000, 100))).false_alarms > 0.04


def test_drift_is_a_difference_that_chance_does_not_explain() -> None:
    assert not has_drifted(Tally(seen=2.0, labelled=100, differing=6))
    assert has_drifted(Tally(seen=2.0, labelled=100, differing=12))


def test_a_band_with_few_labels_is_served_above_one_with_many_only() -> None:
    many, few = Tally(900, 900, 3), Tally(5, 5, 0)

    below = FIVE.plan(Evidence({Cell("", 7): many, Cell("", 6): few}, CONTROLS))
    above = FIVE.plan(Evidence({Cell("", 7): few, Cell("", 6): many}, CONTROLS))
    alone = FIVE.plan(Evidence({Cell("", 7): Tally(29, 29, 0)}, Tally(0, 1e6, 10)))

    assert set(below.served) == {Cell("", 7)}
    assert set(above.served) == {Cell("", 7), Cell("", 6)}
    assert not alone.served
