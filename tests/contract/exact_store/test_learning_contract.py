"""What is learned of semantic hits lies among the counters, the same for every kind of store."""

import hashlib
import time

import pytest

from llm_cache_proxy.domain.metrics.counter_names import merged
from llm_cache_proxy.domain.promise import Cell, Tally, TenantEvidence, group_of
from llm_cache_proxy.domain.promise.counters import (
    FORGOTTEN,
    check_counts,
    control_counts,
    evidence_in,
    label_counts,
    seen_counts,
)
from llm_cache_proxy.domain.promise.evidence import GROUPS
from samples.stores.exact_entries import TENANT
from samples.stores.exact_stores import OpenedStore

CELL = Cell("substitution", 5)
LABEL = merged(
    seen_counts(3, CELL, served=True, fixed=False),
    label_counts(3, CELL, differs=True, source="explored"),
    check_counts(0.02, differs=True),
    control_counts(differs=False),
)


async def learned(opened_store: OpenedStore) -> TenantEvidence:
    windows = await opened_store.store.counters(TENANT)
    return evidence_in([window.counts for window in reversed(windows) if window.seconds])


async def test_labels_add_up_in_the_same_few_counters(opened_store: OpenedStore) -> None:
    for _ in range(3):
        await opened_store.store.record(TENANT, LABEL)

    windows = await opened_store.store.counters(TENANT)
    found = await learned(opened_store)

    assert {name for window in windows for name in window.counts} == set(LABEL)
    assert found.of([3]).of(CELL) == Tally(3, 3, 3)
    assert found.controls == Tally(0, 3, 0)
    assert found.hits == 3
    assert sum(check.seen for check in found.checks) == pytest.approx(0.06)


async def test_however_many_surroundings_are_asked_in_no_more_is_stored(
    opened_store: OpenedStore,
) -> None:
    fingerprints = [hashlib.sha256(bytes([number])).hexdigest() for number in range(100)]
    for fingerprint in fingerprints:
        await opened_store.store.record(TENANT, seen_counts(group_of(fingerprint), CELL))

    windows = await opened_store.store.counters(TENANT)
    found = await learned(opened_store)

    assert all(len(window.counts) <= GROUPS for window in windows)
    assert found.whole.of(CELL).seen == len(fingerprints)
    assert found.of([group_of(fingerprints[0])]).of(CELL).seen < len(fingerprints)


async def test_folding_old_windows_loses_no_label_of_five_weeks(opened_store: OpenedStore) -> None:
    days_ago = int(time.time()) - 3 * 86_400
    await opened_store.store.record(TENANT, LABEL)
    for window in range(4):
        opened_store.lay(TENANT, 300, days_ago // 86_400 * 86_400 + 300 * window, LABEL)

    found = await learned(opened_store)

    assert found.of([3]).of(CELL) == Tally(5, 5, 5)
    assert len(await opened_store.store.counters(TENANT)) == 2


async def test_what_a_change_has_made_old_stays_forgotten(opened_store: OpenedStore) -> None:
    days_ago = int(time.time()) - 3 * 86_400
    await opened_store.store.record(TENANT, LABEL)
    opened_store.lay(TENANT, 300, days_ago // 300 * 300, {**LABEL, FORGOTTEN: 1})

    found = await learned(opened_store)

    assert found.of([3]).of(CELL) == Tally(1, 1, 1)
    assert found.controls == Tally(0, 2, 0)
