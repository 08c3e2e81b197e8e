"""What is remembered of pairs of prompts, the same for every kind of exact store."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.exact_store.sqlite.schema import _STEPS, SCHEMA_VERSION
from llm_cache_proxy.adapters.exact_store.sqlite.store import sqlite_exact_store
from llm_cache_proxy.domain.entries.pairs import spelling_pair
from llm_cache_proxy.ports.exact_store.pairs import Standing
from llm_cache_proxy.ports.exact_store.store import (
    AliasFound,
    Barred,
    BelowRaised,
    Commit,
    Hit,
    Match,
    Miss,
)
from samples.stores.exact_entries import TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore

NEAR = Match(similarity=0.93, pair="a-pair")


async def test_a_barred_pair_is_barred_until_it_is_lifted(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.commit(Commit(TENANT, entry()))

    assert await store.bar(TENANT, "a-pair")
    assert not await store.bar(TENANT, "a-pair")
    assert await store.promote(TENANT, alias(), asking(), NEAR) == Barred(0)
    assert await store.lookup(asking("other")) == Miss(0)
    assert await store.unbar(TENANT, "a-pair")
    assert not await store.unbar(TENANT, "a-pair")
    assert isinstance(await store.promote(TENANT, alias(), asking(), NEAR), Hit)


async def test_no_clear_takes_a_bar_back(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.bar(TENANT, "a-pair")
    cutoff = await store.cut(TENANT, "all")
    await store.sweep(TENANT, "all")
    await store.commit(Commit(TENANT, entry(sequence=cutoff)))

    assert await store.promote(TENANT, None, asking(), NEAR) == Barred(cutoff)


async def test_a_bar_is_one_tenants_alone(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.commit(Commit(TENANT, entry()))
    await store.bar("other", "a-pair")

    assert isinstance(await store.promote(TENANT, None, asking(), NEAR), Hit)
    assert (await store.standing(TENANT)).barred == 0
    assert "other" in await store.tenants()


async def test_a_promotion_of_a_pair_that_was_barred_since_says_so(
    opened_store: OpenedStore,
) -> None:
    store = opened_store.store
    await store.commit(Commit(TENANT, entry()))
    await store.promote(TENANT, replace(alias(), pair="a-pair"), asking(), NEAR)

    before = await store.lookup(asking("other"))
    await store.bar(TENANT, "a-pair")
    after = await store.lookup(asking("other"))

    assert before == AliasFound(replace(alias(), pair="a-pair"), 0)
    assert after == AliasFound(replace(alias(), pair="a-pair"), 0, barred=True)


async def test_a_barred_spelling_is_no_hit_and_not_counted(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.commit(Commit(TENANT, entry(text_digest="lower")))
    await store.bar(TENANT, spelling_pair("lower", "UPPER"))

    assert await store.lookup(asking(text_digest="UPPER", counts={"misses": 1})) == Barred(0)
    assert isinstance(await store.lookup(asking(text_digest="lower")), Hit)
    assert isinstance(await store.lookup(asking(text_digest="Third")), Hit)
    [window] = await store.counters(TENANT)
    assert (window.counts["exact_hits"], window.counts["misses"]) == (2, 1)


async def test_verdicts_come_back_in_the_order_of_the_question(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.remember(TENANT, "right", approved=True, ttl_seconds=60)
    await store.remember(TENANT, "wrong", approved=False, ttl_seconds=60)

    asked = await store.verdicts(TENANT, ["wrong", "new", "right"])

    assert list(asked) == [False, None, True]
    assert list(await store.verdicts("other", ["right"])) == [None]
    assert list(await store.verdicts(TENANT, [])) == []


async def test_a_later_verdict_takes_the_place_of_an_earlier_one(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.remember(TENANT, "pair", approved=True, ttl_seconds=60)
    await store.remember(TENANT, "pair", approved=False, ttl_seconds=60)

    assert list(await store.verdicts(TENANT, ["pair"])) == [False]


async def test_a_verdict_is_forgotten_in_time(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.remember(TENANT, "pair", approved=True, ttl_seconds=1)
    await asyncio.sleep(1.1)  # the store's own clock

    assert list(await store.verdicts(TENANT, ["pair"])) == [None]


async def test_samples_add_up_until_the_threshold_changes(opened_store: OpenedStore) -> None:
    store = opened_store.store
    assert await store.standing(TENANT) == Standing()

    await store.sampled(TENANT, wrong=False)
    assert await store.sampled(TENANT, wrong=True) == Standing(samples=2, wrong=1)
    assert await store.set_threshold(TENANT, 0.92, before=0.0)

    assert await store.standing(TENANT) == Standing(raised_threshold=0.92)
    assert await store.standing("other") == Standing()


async def test_of_two_that_raise_at_once_one_does(opened_store: OpenedStore) -> None:
    store = opened_store.store

    first = await store.set_threshold(TENANT, 0.92, before=0.0)
    second = await store.set_threshold(TENANT, 0.92, before=0.0)
    third = await store.set_threshold(TENANT, 0.94, before=0.92)

    assert (first, second, third) == (True, False, True)
    assert (await store.standing(TENANT)).raised_threshold == 0.94


async def test_a_raised_threshold_holds_for_promotions_old_and_new(
    opened_store: OpenedStore,
) -> None:
    store = opened_store.store
    await store.commit(Commit(TENANT, entry()))
    await store.promote(TENANT, alias(), asking(), NEAR)
    await store.set_threshold(TENANT, 0.95, before=0.0)

    found = await store.lookup(asking("other"))
    again = await store.promote(TENANT, alias(), asking(), NEAR)
    nearer = await store.promote(TENANT, None, asking(), Match(0.95, "b-pair"))

    assert found == AliasFound(alias(), 0, raised_threshold=0.95)
    assert again == BelowRaised(0, 0.95)
    assert isinstance(nearer, Hit)


async def test_the_same_text_needs_no_match(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.commit(Commit(TENANT, entry()))
    await store.set_threshold(TENANT, 0.99, before=0.0)

    assert isinstance(await store.promote(TENANT, None, asking()), Hit)


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
async def test_a_file_of_an_earlier_schema_is_brought_up_to_date(
    tmp_path: Path, version: int
) -> None:
    path = tmp_path / "exact.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for step in _STEPS[:version]:
            connection.executescript(step)
        connection.execute(f"PRAGMA user_version = {version}")

    store = sqlite_exact_store(path, timeout_seconds=5)
    await store.commit(Commit(TENANT, entry()))
    await store.bar(TENANT, "a-pair")
    refused = await store.promote(TENANT, alias(), asking(), NEAR)
    await store.aclose()

    assert refused == Barred(0)
