import pytest

from llm_cache_proxy.domain.metrics.counter_names import merged
from llm_cache_proxy.domain.promise import Cell, Tally
from llm_cache_proxy.domain.promise.counters import (
    FIXED,
    FORGOTTEN,
    HITS,
    check_counts,
    checks_in,
    control_counts,
    evidence_in,
    feedback_counts,
    label_counts,
    labels_by_source,
    seen_counts,
    spent_counts,
)
from llm_cache_proxy.domain.promise.drift import has_drifted

CELL = Cell("entities", 5)


def test_labels_are_found_again_among_other_counters() -> None:
    counts = merged(
        {"misses": 3},
        seen_counts(3, CELL, served=True),
        label_counts(3, CELL, differs=True, source="missed"),
        control_counts(differs=False),
        check_counts(0.012, differs=True),
    )

    found = evidence_in([counts])

    assert found.whole.of(CELL) == Tally(1, 1, 1)
    assert found.controls == Tally(0, 1, 0)
    assert found.checks == (Tally(0.012, 1, 1),)
    assert found.hits == 1


def test_checks_of_a_judge_that_hardly_ever_errs_are_no_change_of_the_world() -> None:
    """A share of 0.0004 is not none: of 4,000 checks in five weeks some two differ, or four."""
    checks = [
        merged(*[check_counts(0.0004, differs=False)] * 9, check_counts(0.0004, differs=differs))
        for differs in (*[False] * 99, True) * 4
    ]

    assert not has_drifted(evidence_in(checks).checks)


@pytest.mark.parametrize(("served", "fixed"), [(True, False), (False, True)])
def test_what_a_fixed_threshold_would_serve_is_counted_beside_what_is_served(
    served: bool,
    fixed: bool,
) -> None:
    counts = seen_counts(3, CELL, served=served, fixed=fixed)

    assert (counts.get(HITS, 0), counts.get(FIXED, 0)) == (served, fixed)


def test_labels_are_counted_apart_by_the_group_of_their_surroundings() -> None:
    one = label_counts(3, CELL, differs=True, source="missed")
    other = label_counts(4, CELL, differs=False, source="missed")

    found = evidence_in([one, other])

    assert found.of([3]).of(CELL) == Tally(0, 1, 1)
    assert found.of([4]).of(CELL) == Tally(0, 1, 0)
    assert found.whole.of(CELL) == Tally(0, 2, 1)


def test_windows_add_up() -> None:
    counts = label_counts(3, CELL, differs=False, source="missed")

    assert evidence_in([counts, counts]).whole.total.labelled == 2


def test_what_was_before_a_change_of_the_world_is_forgotten_but_for_controls() -> None:
    old = merged(
        label_counts(3, CELL, differs=False, source="missed"),
        check_counts(0.01, differs=True),
        control_counts(differs=False),
    )

    found = evidence_in([old, {**old, FORGOTTEN: 1}, old, old])

    assert found.whole.total.labelled == len(found.checks) == 1
    assert found.controls.labelled == 4
    assert (found.changed, evidence_in([old]).changed) == (True, False)


def test_checks_stand_in_the_order_of_time() -> None:
    newer, older = check_counts(0.5, differs=True), check_counts(0.25, differs=False)

    assert [check.seen for check in evidence_in([newer, {}, older]).checks] == [0.25, 0.5]


def test_the_checks_of_hits_are_counted_without_feedback() -> None:
    counts = [feedback_counts(), check_counts(0.5, differs=True), check_counts(0.5, differs=False)]
    forgotten = {FORGOTTEN: 1} | merged(feedback_counts(), check_counts(0.5, differs=True))

    for windows in (counts, [merged(*counts)], [*counts, forgotten]):
        checks, _ = checks_in(windows)
        assert (checks.labelled, checks.differing) == (2, 1)


def test_labels_are_counted_by_their_source() -> None:
    windows = [feedback_counts(), control_counts(differs=True), feedback_counts(), {"misses": 1}]

    assert labels_by_source(windows) == {"control": 1, "feedback": 2}


def test_what_costs_nothing_is_not_counted() -> None:
    assert spent_counts(0) == {}
    assert list(spent_counts(5).values()) == [5]
