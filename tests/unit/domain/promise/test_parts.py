"""Facts about how a tenant is parted, and what each part is proven by."""

import pytest

from llm_cache_proxy.domain.promise import Cell, Promise, Tally, TenantEvidence
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.evidence import GROUPS
from llm_cache_proxy.domain.promise.parts import APART, WHOLE, part_of, plan_parts
from llm_cache_proxy.domain.promise.promise import DOUBT

FIVE = Promise(0.05)
TOP = Cell("", BANDS - 1)
CONTROLS = Tally(0, 2_000, 20)
ENOUGH = 1_000


def seen(*candidates: int, differing: float = 0.01) -> TenantEvidence:
    """So many candidates of one kind in each group, all labelled."""
    groups = {
        group: {TOP: Tally(number, number, round(differing * number))}
        for group, number in enumerate(candidates)
    }
    return TenantEvidence(groups, CONTROLS)


def parted(evidence: TenantEvidence, promise: Promise = FIVE) -> list[int | None]:
    return [part.group for part in plan_parts(promise, evidence)]


def together(*tallies: Tally) -> TenantEvidence:
    """Candidates of one kind, a tally for each group."""
    return TenantEvidence({group: {TOP: tally} for group, tally in enumerate(tallies)}, CONTROLS)


EASY, HARD = Tally(3_000, 3_000, 30), Tally(3_000, 3_000, 1_500)


@pytest.mark.parametrize(
    ("candidates", "parts"),
    [
        ((), [None]),
        ((ENOUGH,), [None]),
        ((ENOUGH, ENOUGH - 1), [None]),
        ((ENOUGH, ENOUGH // 2, ENOUGH // 2), [0, None]),
        ((ENOUGH, 5, ENOUGH), [0, 2, None]),
    ],
)
@pytest.mark.parametrize("differing", [0.1, 0.6])
def test_what_proves_nothing_together_is_parted_where_two_parts_have_enough(
    candidates: tuple[int, ...], parts: list[int | None], differing: float
) -> None:
    assert parted(seen(*candidates, differing=differing)) == parts


def test_a_stricter_promise_takes_more_candidates_for_a_part() -> None:
    assert parted(seen(ENOUGH, ENOUGH), Promise(0.01)) == [None]


def test_hits_that_are_proven_together_are_kept_when_groups_grow_large() -> None:
    """A group that is served is labelled at 5 %, so that it proves nothing by itself."""
    served = Tally(1_300, 160, 2)

    [whole] = plan_parts(FIVE, together(*[served] * GROUPS))

    assert whole.plan.serves(TOP)


def test_a_tenant_is_parted_where_that_serves_more() -> None:
    low = Cell("", 2)
    easy = {TOP: Tally(4_000, 4_000, 40), low: Tally(4_000, 4_000, 40)}
    hard = {low: Tally(4_000, 4_000, 2_000)}
    evidence = TenantEvidence({0: easy, 1: hard}, CONTROLS)

    parts = plan_parts(FIVE, evidence)

    assert FIVE.plan(evidence.whole, WHOLE).serves(TOP)
    assert part_of(parts, 0).plan.serves(low)


def test_a_small_hard_group_stays_in_a_whole_that_keeps_the_promise() -> None:
    [whole] = plan_parts(FIVE, together(*[Tally(3_000, 3_000, 30)] * 3, Tally(150, 150, 75)))

    assert whole.plan.serves(TOP)


def test_each_part_is_proven_by_its_own_labels() -> None:
    evidence = together(EASY, HARD)

    parts = plan_parts(FIVE, evidence)

    assert part_of(parts, 0).plan.serves(TOP)
    assert not part_of(parts, 1).plan.serves(TOP)
    assert not FIVE.plan(evidence.whole).serves(TOP)


def test_groups_that_are_not_parts_share_what_the_others_have_shown() -> None:
    parts = plan_parts(FIVE, together(HARD, Tally(700, 700, 7), Tally(700, 700, 7)))

    assert part_of(parts, 1) is part_of(parts, 2) is part_of(parts, GROUPS - 1) is parts[-1]
    assert parts[-1].evidence.of(TOP) == Tally(1_400, 1_400, 14)


def test_a_part_is_proven_on_less_doubt_than_a_tenant_that_is_not_parted() -> None:
    [whole] = plan_parts(FIVE, together(EASY))
    first, *_ = plan_parts(FIVE, together(EASY, HARD))

    assert whole.plan.proven[""].doubt > 30 * first.plan.proven[""].doubt


def test_no_more_than_the_doubt_is_spent_whichever_groups_become_parts() -> None:
    """The whole, each group by itself, and what is left of the others each time."""
    assert pytest.approx(DOUBT) == WHOLE + GROUPS * APART + (GROUPS - 1) * APART


def test_that_something_changed_is_known_in_every_part() -> None:
    cells = {TOP: Tally(ENOUGH, ENOUGH, 100)}
    evidence = TenantEvidence({0: cells, 1: cells}, CONTROLS, changed=True)

    parts = plan_parts(FIVE, evidence)

    assert [part.evidence.changed for part in parts] == [True] * 3
    assert not any(part.plan.trusted for part in parts)


def test_controls_checks_and_hits_are_the_whole_tenants() -> None:
    checks = (Tally(0.1, 5, 1),)
    cells = {TOP: Tally(ENOUGH, ENOUGH, 100)}
    evidence = TenantEvidence({0: cells, 1: cells}, CONTROLS, checks, 640)

    for part in plan_parts(FIVE, evidence):
        assert (part.evidence.controls, part.evidence.checks) == (CONTROLS, checks)
        assert part.evidence.hits == 640


def test_a_part_that_is_trusted_is_checked_as_often_as_a_new_tenant() -> None:
    """Two large groups are known to be wrong; of all others little is known."""
    cells = {TOP: Tally(ENOUGH, ENOUGH, 100)}
    groups = {0: cells, 1: cells, 2: {TOP: Tally(6, 6, 0)}}
    evidence = TenantEvidence(groups, CONTROLS, (), 640)

    rates = [part.plan.check_rate for part in plan_parts(FIVE, evidence)]

    assert rates == pytest.approx([0.5, 0.5, 1.0])
