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
def test_a_tenant_is_parted_where_two_parts_have_enough(
    candidates: tuple[int, ...], parts: list[int | None]
) -> None:
    assert parted(seen(*candidates)) == parts


def test_a_stricter_promise_takes_more_candidates_for_a_part() -> None:
    assert parted(seen(ENOUGH, ENOUGH), Promise(0.01)) == [None]


def test_how_a_tenant_is_parted_does_not_depend_on_what_labels_say() -> None:
    right, wrong = seen(ENOUGH, ENOUGH, differing=0.0), seen(ENOUGH, ENOUGH, differing=0.6)

    assert parted(right) == parted(wrong)


def test_each_part_is_proven_by_its_own_labels() -> None:
    easy, hard = Tally(3_000, 3_000, 30), Tally(3_000, 3_000, 1_500)
    evidence = TenantEvidence({0: {TOP: easy}, 1: {TOP: hard}}, CONTROLS)

    parts = list(plan_parts(FIVE, evidence))

    assert part_of(parts, 0).plan.serves(TOP)
    assert not part_of(parts, 1).plan.serves(TOP)
    assert not FIVE.plan(evidence.whole).serves(TOP)


def test_groups_that_are_not_parts_share_what_the_others_have_shown() -> None:
    evidence = seen(ENOUGH, 700, 700)

    parts = list(plan_parts(FIVE, evidence))

    assert part_of(parts, 1) is part_of(parts, 2) is part_of(parts, GROUPS - 1) is parts[-1]
    assert parts[-1].evidence.of(TOP) == Tally(1_400, 1_400, 14)


def test_a_part_is_proven_on_less_doubt_than_a_tenant_that_is_not_parted() -> None:
    [whole] = plan_parts(FIVE, seen(2 * ENOUGH))
    first, *_ = plan_parts(FIVE, seen(2 * ENOUGH, 2 * ENOUGH))

    assert whole.plan.proven[""].doubt > 30 * first.plan.proven[""].doubt


def test_no_more_than_the_doubt_is_spent_whichever_groups_become_parts() -> None:
    """The whole, each group by itself, and what is left of the others each time."""
    assert pytest.approx(DOUBT) == WHOLE + GROUPS * APART + (GROUPS - 1) * APART


def test_controls_checks_and_hits_are_the_whole_tenants() -> None:
    checks = (Tally(0.1, 5, 1),)
    cells = {TOP: Tally(ENOUGH, ENOUGH, 0)}
    evidence = TenantEvidence({0: cells, 1: cells}, CONTROLS, checks, 640)

    for part in plan_parts(FIVE, evidence):
        assert (part.evidence.controls, part.evidence.checks) == (CONTROLS, checks)
        assert part.plan.check_rate == pytest.approx(0.5)
