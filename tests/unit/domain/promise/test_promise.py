import pytest

from llm_cache_proxy.domain.promise import Cell, Evidence, Plan, Promise, Tally
from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS
from llm_cache_proxy.domain.promise.prior import MAY_BE_OVERRULED
from llm_cache_proxy.domain.promise.promise import (
    BY_RATIO,
    DOUBT,
    FIRST,
    STARTS,
    share_of_doubt,
)
from llm_cache_proxy.domain.promise.trust import LOWEST_TRUSTED

TOP = BANDS - 1
NARROW, WIDE = max(STARTS), min(STARTS)
"""The bands at which proving begins."""

CONTROLS = Tally(0, 2_000, 20)
FIVE = Promise(0.0499)
"""Nothing is trusted under it, so that whatever is served is proven."""


def evidence(right_from: int, **differing: int) -> Evidence:
    """800 labels in each band of what the guard accepts; below `right_from` half of them differ.

    From there on 8 do, where `differing` does not say otherwise (`b7=3`).
    """
    few = {band: 8 if band >= right_from else 400 for band in range(BANDS)}
    cells = {
        Cell("", band): Tally(800, 800, differing.get(f"b{band}", few[band]))
        for band in range(BANDS)
    }
    return Evidence(cells, CONTROLS)


def test_nothing_is_served_before_there_are_labels() -> None:
    assert FIVE.plan(Evidence()) == Plan()


def test_bands_are_served_once_their_labels_keep_the_promise() -> None:
    plan = FIVE.plan(evidence(NARROW))

    assert set(plan.served) == {Cell("", band) for band in range(NARROW, BANDS)}
    assert plan.estimate < 0.05


def test_the_least_score_goes_down_with_right_labels_and_up_with_wrong_ones() -> None:
    few = FIVE.plan(evidence(NARROW))
    more = FIVE.plan(evidence(NARROW - 2))
    wrong = FIVE.plan(evidence(BANDS))

    assert (few.lowest_band(), more.lowest_band(), wrong.lowest_band()) == (8, 6, None)


def test_a_stricter_promise_serves_less() -> None:
    labels = evidence(NARROW - 1, b6=60)

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

    below = FIVE.plan(Evidence({Cell("", TOP): many, Cell("", TOP - 1): few}, CONTROLS))
    above = FIVE.plan(Evidence({Cell("", TOP): few, Cell("", TOP - 1): many}, CONTROLS))

    assert set(below.served) == {Cell("", TOP)}
    assert set(above.served) == {Cell("", TOP), Cell("", TOP - 1)}


def test_a_set_that_is_not_proven_ends_the_turn() -> None:
    """However many right labels lie below: only where proving begins anew may they count."""
    plan = FIVE.plan(evidence(0, b7=600, b6=0, b5=0, b4=0))

    assert plan.lowest_band() == NARROW


def test_a_wide_set_is_proven_though_the_narrow_one_has_few_labels() -> None:
    few, many = Tally(20, 20, 0), Tally(300, 300, 1)
    cells = {Cell("", band): few if band >= NARROW else many for band in range(WIDE, BANDS)}

    plan = FIVE.plan(Evidence(cells, CONTROLS))

    assert plan.lowest_band() == WIDE
    assert plan.proven[""].doubt == pytest.approx(DOUBT * STARTS[WIDE])


def test_what_a_proven_set_was_allowed_to_doubt_goes_on_to_the_wider_ones() -> None:
    plan = FIVE.plan(evidence(0))

    assert plan.proven[""].doubt == pytest.approx(DOUBT * sum(STARTS.values()))


def test_no_more_than_the_doubt_is_spent() -> None:
    rules = (ACCEPTED, *MAY_BE_OVERRULED)

    spent = sum(share_of_doubt(rule, band) for rule in rules for band in range(BANDS))

    assert spent + BY_RATIO == pytest.approx(1.0)


def test_the_less_doubt_there_is_the_more_labels_a_proof_takes() -> None:
    labels = Evidence({Cell("", TOP): Tally(300, 300, 2)}, CONTROLS)

    assert FIVE.plan(labels).served
    assert not FIVE.plan(labels, DOUBT / 50).served


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
    labels = evidence(NARROW)
    plan = FIVE.plan(labels)

    assert plan.estimate < FIVE.bound(labels, plan) <= 0.05


def test_where_nothing_is_served_nothing_is_bounded() -> None:
    assert FIVE.bound(Evidence(), Plan()) == 1.0


@pytest.mark.parametrize(("hits", "rate"), [(0, 1.0), (320, 1.0), (640, 0.5), (32_000, 0.01)])
def test_hits_are_all_checked_until_the_promise_has_room_for_a_change(
    hits: float, rate: float
) -> None:
    nothing_trusted = Evidence(hits=hits, changed=True)

    assert Promise(0.05).plan(nothing_trusted).check_rate == pytest.approx(rate)


def counted(**tallies: Tally) -> Evidence:
    """Labels of the bands with these numbers (`b4`)."""
    return Evidence({Cell("", int(name[1:])): tally for name, tally in tallies.items()}, CONTROLS)


def test_a_ratio_proves_the_trusted_bands_by_fewer_labels() -> None:
    labels = counted(b4=Tally(150, 150, 1), b9=Tally(150, 150, 1))

    plan = FIVE.plan(labels)

    assert set(plan.served) == {Cell("", band) for band in range(LOWEST_TRUSTED, BANDS)}
    assert plan.proven[""].doubt == pytest.approx(DOUBT * BY_RATIO)
    assert FIVE.bound(labels, plan) <= FIVE.most_wrong


def test_it_goes_on_to_wider_sets_until_one_is_not_proven() -> None:
    right = {f"b{band}": Tally(150, 150, 1) for band in range(2, BANDS)}

    assert FIVE.plan(counted(**right)).lowest_band() == 2
    assert FIVE.plan(counted(**right, b1=Tally(300, 300, 100))).lowest_band() == 2
    assert FIVE.plan(counted(**right, b1=Tally(150, 150, 1))).lowest_band() == 1


def test_wider_sets_count_only_where_the_trusted_bands_are_proven() -> None:
    hard, easy = Tally(300, 300, 30), Tally(900, 900, 2)

    assert not FIVE.plan(counted(b4=hard, b3=easy)).proven


def test_what_overrules_a_veto_is_bounded_by_its_own_labels() -> None:
    labels = Evidence({Cell("tense", FIRST): Tally(900, 900, 9)}, CONTROLS)
    plan = FIVE.plan(labels)

    assert set(plan.proven) == {"tense"}
    assert FIVE.bound(labels, plan) <= FIVE.most_wrong


@pytest.mark.parametrize("most_wrong", [0.02, 0.0499])
def test_wrong_hits_do_not_pass_for_the_errors_of_a_judge_of_freer_prompts(
    most_wrong: float,
) -> None:
    """A tenth is wrong, and one in four controls differs, which are of another application."""
    cells = {Cell("", band): Tally(2_000, 2_000, 120) for band in range(BANDS)}
    freer = Evidence(cells, Tally(0, 2_000, 500))

    plan = Promise(most_wrong).plan(freer)

    assert not plan.served


def test_what_labels_prove_without_any_control_is_served_beside_freer_prompts() -> None:
    cells = {Cell("", band): Tally(2_000, 2_000, 40) for band in range(BANDS)}
    freer = Evidence(cells, Tally(0, 2_000, 500))

    plan = FIVE.plan(freer)

    assert set(plan.served) == set(cells)
    assert 0 < plan.estimate < FIVE.bound(freer, plan) < 0.05
