"""What every exact store takes away when it is cleared, and what it keeps."""

import pytest

from llm_cache_proxy.ports.exact_store.store import Commit, Hit, Miss
from samples.stores.exact_entries import TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore, counts


@pytest.mark.parametrize("selector", ["all", "namespace:default", "model:m", "entry:id-key"])
async def test_a_cut_kills_entry_and_alias_at_once(
    opened_store: OpenedStore, selector: str
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())

    cutoff = await opened_store.store.cut(TENANT, selector)

    assert await opened_store.store.lookup(asking()) == Miss(cutoff)
    assert await opened_store.store.lookup(asking("other")) == Miss(cutoff)
    assert await opened_store.store.promote(TENANT, None, asking()) == Miss(cutoff)


async def test_a_cut_leaves_what_its_selector_does_not_name(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))

    await opened_store.store.cut(TENANT, "tag:blue")

    assert isinstance(await opened_store.store.lookup(asking()), Hit)


async def test_an_answer_asked_before_a_cut_is_not_stored_after_it(
    opened_store: OpenedStore,
) -> None:
    before = await opened_store.store.lookup(asking())
    assert isinstance(before, Miss)
    cutoff = await opened_store.store.cut(TENANT, "tag:red")
    late = Commit(TENANT, entry(sequence=before.sequence), {"misses": 1})

    assert not await opened_store.store.commit(late)
    assert await opened_store.store.lookup(asking()) == Miss(cutoff)
    assert (await counts(opened_store.store, TENANT))["misses"] == 1
    assert await opened_store.store.commit(Commit(TENANT, entry(sequence=cutoff)))


async def test_every_cut_is_later_than_the_one_before(opened_store: OpenedStore) -> None:
    cuts = [await opened_store.store.cut(TENANT, "all") for _ in range(5)]

    assert cuts == sorted(set(cuts))
    assert cuts[0] > 1_600_000_000_000


async def test_a_sweep_takes_what_was_cut_and_counts_it(opened_store: OpenedStore) -> None:
    for key in ("key", "second"):
        await opened_store.store.commit(Commit(TENANT, entry(key)))
    await opened_store.store.promote(TENANT, alias(), asking())
    cutoff = await opened_store.store.cut(TENANT, "tag:red")
    await opened_store.store.commit(Commit(TENANT, entry("third", sequence=cutoff)))

    swept = await opened_store.store.sweep(TENANT, "tag:red")

    assert (swept.entries, swept.aliases) == (2, 1)
    assert await opened_store.store.count_entries(TENANT) == 1
    assert isinstance(await opened_store.store.lookup(asking("third")), Hit)


async def test_a_sweep_of_more_records_than_a_batch_takes_all(opened_store: OpenedStore) -> None:
    for number in range(600):
        await opened_store.store.commit(Commit(TENANT, entry(str(number))))
    assert await opened_store.store.count_entries(TENANT) == 600
    await opened_store.store.cut(TENANT, "all")

    assert (await opened_store.store.sweep(TENANT, "all")).entries == 600
    assert await opened_store.store.count_entries(TENANT) == 0
