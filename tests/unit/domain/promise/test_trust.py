"""Facts about what is served before labels have proven it, and when that ends."""

import random
from dataclasses import replace

import pytest

from llm_cache_proxy.domain.promise import Cell, Evidence, Promise, Tally
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.judge import judge_of
from llm_cache_proxy.domain.promise.proof import MISSED
from llm_cache_proxy.domain.promise.trust import (
    LEAST_PROMISE,
    LOWEST_TRUSTED,
    TRUSTED,
    has_few_vetoes,
    may_differ,
    trusted,
)

FIVE = Promise(LEAST_PROMISE)
TOP, LOWEST = TRUSTED[-1], TRUSTED[0]
CONTROLS = Tally(0, 2_000, 20)
FALSE_ALARMS = 0.01


def known(
    labelled: float, differing: float, *, seen: float = 0.0, changed: bool = False
) -> Evidence:
    """Six candidates at least, none of which the guard vetoes."""
    tally = Tally(max(seen, labelled, 6.0), labelled, differing)
    return Evidence({LOWEST: tally}, CONTROLS, changed=changed)


def test_after_six_candidates_without_a_veto_the_upper_bands_that_it_accepts_are_served() -> None:
    plan = FIVE.plan(known(0, 0))

    assert set(plan.served) == plan.trusted == {Cell("", b) for b in range(LOWEST_TRUSTED, BANDS)}
    assert plan.check_rate == 1.0
    assert not plan.proven


@pytest.mark.parametrize(
    ("accepted", "vetoed", "is_trusted"),
    [(0, 0, False), (5, 0, False), (6, 0, True), (8, 1, True), (7, 1, False), (66, 32, False)],
)
def test_nothing_is_trusted_where_the_guard_vetoes_more_than_a_third(
    accepted: float, vetoed: float, *, is_trusted: bool
) -> None:
    """Two vetoes have to stay out first."""
    cells = {TOP: Tally(accepted), Cell("numbers", TOP.band): Tally(vetoed)}
    labelled = {cell: replace(tally, labelled=tally.seen) for cell, tally in cells.items()}

    assert bool(trusted(Evidence(labelled, CONTROLS), FIVE.most_wrong)) is is_trusted


def test_vetoes_among_farther_candidates_do_not_count() -> None:
    far = {Cell("numbers", LOWEST.band - 1): Tally(1_000, 1_000, 1_000)}

    assert trusted(Evidence(far | {TOP: Tally(6, 6, 0)}, CONTROLS), FIVE.most_wrong)


def test_candidates_that_are_all_near_opposites_are_hardly_ever_trusted() -> None:
    """The guard vetoes 55 in 100 of them: by its vetoes alone few of such tenants are trusted."""
    chance = random.Random(0)  # noqa: S311 - no secret
    ever = 0
    for _ in range(400):
        accepted = vetoed = 0
        for _ in range(200):
            is_vetoed = chance.random() < 0.55
            accepted, vetoed = accepted + (not is_vetoed), vetoed + is_vetoed
            cells = {TOP: Tally(accepted, accepted), Cell("numbers", TOP.band): Tally(vetoed)}
            if has_few_vetoes(Evidence(cells)):
                ever += 1
                break

    assert ever <= 0.03 * 400


def test_a_stricter_promise_trusts_nothing() -> None:
    assert not Promise(LEAST_PROMISE - 0.001).plan(known(6, 0)).served


def test_with_vectors_that_no_labelled_pairs_were_compared_by_nothing_is_trusted() -> None:
    assert not Promise(LEAST_PROMISE, trusts=False).plan(known(6, 0)).served


@pytest.mark.parametrize(("labelled", "hits"), [(0, 20), (1, 21), (400, 420)])
def test_as_many_hits_as_there_are_labels_and_a_few_are_trusted_between_two_looks(
    labelled: float, hits: float
) -> None:
    assert FIVE.plan(known(labelled, 0.033 * labelled)).hits_on_trust == hits


def test_trust_ends_where_more_labels_differ_than_the_promise_and_the_credit_allow() -> None:
    """Of 100 labels 0.01 + 0.59 * 4 % may differ, and three more."""
    assert trusted(known(100, 6), FIVE.most_wrong) == TRUSTED
    assert not trusted(known(100, 7), FIVE.most_wrong)


def test_one_wrong_answer_at_the_very_beginning_does_not_end_it() -> None:
    assert trusted(known(1, 1), FIVE.most_wrong)
    assert not trusted(known(4, 4), FIVE.most_wrong)


def test_more_may_differ_where_controls_say_that_the_judge_errs() -> None:
    poor = Evidence({TOP: Tally(100, 100, 12)}, Tally(0, 2_000, 200))

    assert trusted(poor, FIVE.most_wrong)
    assert not trusted(known(100, 12), FIVE.most_wrong)


def test_after_a_change_of_the_world_everything_has_to_be_proven() -> None:
    assert not FIVE.plan(known(100, 0, changed=True)).served
    assert FIVE.plan(known(200, 0, changed=True)).proven


def test_checks_of_what_is_trusted_are_expected_to_differ_as_the_promise_allows_at_first() -> None:
    """Else a new tenant of which more is wrong than elsewhere would look like a change."""
    new, known_well = FIVE.plan(known(0, 0)), FIVE.plan(known(100, 1))

    assert new.served[LOWEST] == pytest.approx(0.0395, rel=0.02)
    assert known_well.served[LOWEST] == pytest.approx((30 * 0.0395 + 1) / 130, rel=0.02)


@pytest.mark.parametrize(("seen", "labelled", "is_trusted"), [(20, 0, True), (21, 0, False)])
def test_what_goes_unchecked_is_not_trusted_for_long(
    seen: float, labelled: float, *, is_trusted: bool
) -> None:
    assert bool(trusted(known(labelled, 0, seen=seen), FIVE.most_wrong)) is is_trusted


def test_one_label_in_a_hundred_hits_is_enough() -> None:
    assert trusted(known(400, 0, seen=30_000), FIVE.most_wrong)


@pytest.mark.parametrize(("seen", "rate"), [(0, 1.0), (320, 1.0), (640, 0.5), (3_200, 0.1)])
def test_what_is_trusted_is_checked_by_how_much_was_seen_of_it_not_of_the_whole_tenant(
    seen: float, rate: float
) -> None:
    """Else an application that is new to an old tenant would be served unchecked."""
    evidence = replace(known(seen, 0.034 * seen), hits=32_000)

    assert FIVE.plan(evidence).check_rate == pytest.approx(rate)


def test_what_is_proven_is_no_longer_a_matter_of_trust() -> None:
    cells = {Cell("", band): Tally(800, 800, 8) for band in range(LOWEST_TRUSTED, BANDS)}

    plan = FIVE.plan(Evidence(cells, CONTROLS))

    assert set(TRUSTED) <= plan.served.keys()
    assert not plan.trusted


def test_what_a_narrow_set_proves_is_served_beside_what_is_trusted() -> None:
    cells = {TOP: Tally(1_000, 1_000, 10), LOWEST: Tally(700, 700, 50)}

    plan = FIVE.plan(Evidence(cells, CONTROLS))

    assert plan.serves(TOP)
    assert TOP not in plan.trusted
    assert LOWEST in plan.trusted


def test_the_bound_of_what_is_trusted_may_lie_above_the_promise() -> None:
    evidence = known(50, 1)

    assert FIVE.bound(evidence, FIVE.plan(evidence)) > FIVE.most_wrong


def served_until_trust_ends(wrong: float, seed: int) -> tuple[int, int]:
    """Hits of a tenant of which so many are wrong, and wrong ones, until trust ends for once."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    hits = wrong_hits = differing = 0
    while hits < 4_000 and trusted(known(hits, differing), FIVE.most_wrong):
        is_wrong = chance.random() < wrong
        differing += chance.random() < ((1 - MISSED) if is_wrong else FALSE_ALARMS)
        hits, wrong_hits = hits + 1, wrong_hits + is_wrong
    return hits, wrong_hits


@pytest.mark.parametrize("wrong", [0.07, 0.2, 1.0])
def test_where_trust_is_misplaced_few_wrong_hits_are_served_beyond_what_was_promised(
    wrong: float,
) -> None:
    """Seven on average, whatever is wrong: the credit and a label, by the judge's power."""
    found = [served_until_trust_ends(wrong, seed) for seed in range(200)]

    beyond = sum(wrong_hits - FIVE.most_wrong * hits for hits, wrong_hits in found) / len(found)
    assert 0 < beyond < 4 / judge_of(CONTROLS).power + 0.5


def test_what_may_differ_grows_with_the_labels() -> None:
    few, many = (may_differ(known(labels, 0), FIVE.most_wrong) for labels in (0, 1_000))

    assert (few, round(many)) == (3.0, 37)


def test_controls_of_freer_prompts_do_not_let_more_labels_differ() -> None:
    """A tenth is wrong, and one in four controls differs."""
    labels = replace(known(500, 30), controls=Tally(0, 2_000, 500))

    assert not trusted(labels, FIVE.most_wrong)
