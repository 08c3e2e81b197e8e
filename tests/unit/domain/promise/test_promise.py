import pytest

from llm_cache_proxy.domain.promise import Cell, Evidence, Plan, Promise, Tally
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.promise import FIRST

TOP = BANDS - 1
CONTROLS = Tally(0, 2_000, 20)
FIVE = Promise(0.05)


def evidence(**differing: int) -> Evidence:
    """800 labels in each band of the guard's accepted candidates, so many differing (`b7=3`)."""
    cells = {
        Cell("", band): Tally(800, 800, differing.get(f"b{band}", 400)) for band in range(BANDS)
    }
    return Evidence(cells, CONTROLS)


def test_nothing_is_served_before_there_are_labels() -> None:
    assert FIVE.plan(Evidence()) == Plan()


def test_bands_are_served_once_their_labels_keep_the_promise() -> None:
    plan = FIVE.plan(evidence(b7=8, b6=8, b5=200))

    assert set(plan.served) == {Cell("", 7), Cell("", 6)}
    assert plan.estimate < 0.05


def test_a_threshold_goes_down_with_right_labels_and_up_with_wrong_ones() -> None:
    few = FIVE.plan(evidence(b7=8))
    more = FIVE.plan(evidence(b7=8, b6=8, b5=8, b4=8))
    wrong = FIVE.plan(evidence(b7=200, b6=200))

    assert (few.lowest_band(), more.lowest_band(), wrong.lowest_band()) == (7, 4, None)


def test_a_stricter_promise_serves_less() -> None:
    labels = evidence(b7=8, b6=8, b5=8, b4=8, b3=60)

    assert len(Promise(0.01).plan(labels).served) < len(FIVE.plan(labels).served)


def test_a_rule_that_turns_right_hits_away_is_overruled_by_labels() -> None:
    cells = {
        Cell("substitution", FIRST): Tally(900, 900, 9),
        Cell("numbers", FIRST): Tally(900, 900, 9),
    }

    plan = FIVE.plan(Evidence(cells, CONTROLS))

    assert plan.serves(Cell("substitution", FIRST))
    assert not plan.serves(Cell("numbers", FIRST))  # what it sees changes an answer's facts
    assert not plan.serves(None)


def test_a_band_with_few_labels_is_served_above_one_with_many_only() -> None:
    many, few = Tally(900, 900, 9), Tally(20, 20, 0)

    below = FIVE.plan(Evidence({Cell("", 7): many, Cell("", 6): few}, CONTROLS))
    above = FIVE.plan(Evidence({Cell("", 7): few, Cell("", 6): many}, CONTROLS))

    assert set(below.served) == {Cell("", 7)}
    assert set(above.served) == {Cell("", 7), Cell("", 6)}


def test_a_set_that_is_not_proven_ends_the_turn() -> None:
    """However many right labels lie below: the sets are nested, and are tested in order."""
    plan = FIVE.plan(evidence(b7=8, b6=8, b5=8, b4=8, b3=400, b2=0, b1=0, b0=0))

    assert plan.lowest_band() == FIRST


def test_candidates_that_are_all_near_prove_the_first_set_alone() -> None:
    labels = Evidence({Cell("", TOP): Tally(450, 450, 4)}, CONTROLS)
    plan = FIVE.plan(labels)

    assert set(plan.served) == {Cell("", TOP)}
    assert FIVE.bound(labels, plan) <= 0.05


def test_every_band_may_be_served() -> None:
    cells = {Cell("", band): Tally(900, 900, 9) for band in range(BANDS)}

    assert FIVE.plan(Evidence(cells, CONTROLS)).lowest_band() == 0


def test_bands_that_checks_alone_label_stand_beside_those_that_misses_label() -> None:
    cells = {Cell("", TOP): Tally(9_000, 900, 9), Cell("", TOP - 1): Tally(900, 900, 9)}

    assert FIVE.plan(Evidence(cells, CONTROLS)).lowest_band() == TOP - 1


def test_a_judge_that_differs_on_exact_hits_is_corrected_for() -> None:
    labels = {Cell("", TOP): Tally(8_000, 8_000, 480)}

    strict = FIVE.plan(Evidence(labels, CONTROLS))
    lenient = FIVE.plan(Evidence(labels, Tally(0, 20_000, 1_200)))

    assert not strict.served
    assert lenient.served
    assert lenient.estimate == pytest.approx(0.0, abs=0.01)


def test_a_judge_that_tells_nothing_lets_nothing_be_served() -> None:
    labels = {Cell("", TOP): Tally(2_000, 2_000, 0)}

    assert not FIVE.plan(Evidence(labels, Tally(0, 2_000, 900))).served


def test_the_bound_lies_between_the_estimate_and_the_promise() -> None:
    labels = evidence(b7=8, b6=8)
    plan = FIVE.plan(labels)

    assert plan.estimate < FIVE.bound(labels, plan) <= 0.05


def test_where_nothing_is_served_nothing_is_bounded() -> None:
    assert FIVE.bound(Evidence(), Plan()) == 1.0


@pytest.mark.parametrize(("hits", "rate"), [(0, 1.0), (320, 1.0), (640, 0.5), (32_000, 0.01)])
def test_hits_are_all_checked_until_the_promise_has_room_for_a_change(
    hits: float, rate: float
) -> None:
    assert FIVE.plan(Evidence(hits=hits)).check_rate == pytest.approx(rate)
