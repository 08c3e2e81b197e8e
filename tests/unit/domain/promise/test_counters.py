from llm_cache_proxy.domain.metrics.counter_names import merged
from llm_cache_proxy.domain.promise import Cell, Tally
from llm_cache_proxy.domain.promise.counters import (
    FORGOTTEN,
    audit_counts,
    control_counts,
    evidence_in,
    label_counts,
    seen_counts,
)
from llm_cache_proxy.domain.promise.promise import WINDOW

CELL = Cell("entities", 5)


def test_labels_are_found_again_among_other_counters() -> None:
    counts = merged(
        {"misses": 3},
        seen_counts(CELL),
        label_counts(CELL, differs=True, source="missed"),
        control_counts(differs=False),
        audit_counts(0.012, differs=True),
    )

    found = evidence_in([counts])

    assert found.of(CELL) == Tally(1, 1, 1)
    assert found.controls == Tally(0, 1, 0)
    assert found.recent == Tally(0.012, 1, 1)


def test_windows_add_up() -> None:
    counts = label_counts(CELL, differs=False, source="missed")

    assert evidence_in([counts, counts]).labels == 2


def test_what_was_before_a_change_of_the_world_is_forgotten() -> None:
    old = label_counts(CELL, differs=False, source="missed")

    assert evidence_in([old, {**old, FORGOTTEN: 1}, old, old]).labels == 2


def test_only_the_latest_audits_are_recent() -> None:
    many = {name: amount * WINDOW for name, amount in audit_counts(0.0, differs=False).items()}

    assert evidence_in([many, audit_counts(0.0, differs=True)]).recent.differing == 0
