"""What every exact store does with an entry whose lifetime is over, and who renews it."""

import asyncio
import time

import pytest

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.ports.exact_store.store import AliasFound, Commit, Hit, Miss, Promoted
from samples.stores.exact_entries import FORMS, TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore, counts


def expired(seconds: int) -> Entry:
    """An entry with a TTL of a hundred seconds that expired so many seconds ago."""
    ended = int(time.time()) - seconds
    return entry(created_at=ended - 100, expires_at=ended, purge_at=ended + 3600)


async def test_an_expired_entry_is_found_within_the_seconds_that_are_requested(
    opened_store: OpenedStore,
) -> None:
    await opened_store.store.commit(Commit(TENANT, expired(20)))

    found = await opened_store.store.lookup(asking(stale_seconds=600))
    too_late = await opened_store.store.lookup(asking(stale_seconds=10))

    assert isinstance(found, Hit)
    assert found.is_stale
    assert found.body == FORMS.json
    assert found.lease is None
    assert isinstance(too_late, Miss)


async def test_an_expired_hit_is_counted_as_stale(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, expired(20)))

    await opened_store.store.lookup(asking(stale_seconds=600))

    assert await counts(opened_store.store, TENANT) == {
        "stale": 1,
        "model:m:hits": 1,
        "model:m:prompt_saved": 12,
        "model:m:completion_saved": 34,
    }


async def test_an_expired_entry_is_neither_promoted_nor_read_by_operators(
    opened_store: OpenedStore,
) -> None:
    await opened_store.store.commit(Commit(TENANT, expired(20)))

    promoted = await opened_store.store.promote(TENANT, alias(), asking())

    assert isinstance(promoted, Miss)
    assert await opened_store.store.read(TENANT, "key") is None


async def test_a_clear_holds_for_an_expired_entry(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, expired(20)))
    await opened_store.store.cut(TENANT, "tag:red")

    assert isinstance(await opened_store.store.lookup(asking(stale_seconds=600)), Miss)


async def test_an_expired_entry_older_than_requested_is_a_miss(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, expired(20)))

    query = asking(stale_seconds=600, max_age_seconds=60)

    assert isinstance(await opened_store.store.lookup(query), Miss)


async def test_an_expired_promotion_is_found_where_no_lease_is_requested(
    opened_store: OpenedStore,
) -> None:
    store = opened_store.store
    promoted: Promoted = Miss(0)
    async with asyncio.timeout(60):
        while not isinstance(promoted, Hit):  # on a machine that is busy, it has expired by then
            now = int(time.time())
            await store.commit(Commit(TENANT, entry(expires_at=now + 2, purge_at=now + 600)))
            promoted = await store.promote(TENANT, alias(), asking())
    await asyncio.sleep(2.1)

    unleased = await store.lookup(asking("other", stale_seconds=600))
    leased = await store.lookup(asking("other", stale_seconds=600, flight="other:digest"))

    assert isinstance(unleased, AliasFound)
    assert isinstance(leased, Miss)
    assert leased.lease is not None
    assert leased.lease.led


async def test_one_caller_of_an_expired_entry_takes_the_lease(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, expired(20)))
    query = asking(stale_seconds=600, flight="key:digest")

    first, second = [await opened_store.store.lookup(query) for _ in range(2)]

    assert isinstance(first, Hit)
    assert isinstance(second, Hit)
    assert first.lease is not None
    assert second.lease is not None
    assert (first.lease.led, second.lease.led) == (True, False)
    assert first.lease.token == second.lease.token


async def test_the_one_who_renews_stores_under_that_lease_and_ends_it(
    opened_store: OpenedStore,
) -> None:
    await opened_store.store.commit(Commit(TENANT, expired(20)))
    query = asking(stale_seconds=600, flight="key:digest")
    found = await opened_store.store.lookup(query)
    assert isinstance(found, Hit)

    assert await opened_store.store.commit(Commit(TENANT, entry(), lease=found.lease))
    fresh = await opened_store.store.lookup(query)

    assert isinstance(fresh, Hit)
    assert not fresh.is_stale
    assert fresh.lease is None


@pytest.mark.parametrize(("share", "leased"), [(0.0, False), (0.05, False), (0.5, True)])
async def test_a_hit_in_the_last_share_of_its_ttl_takes_the_lease(
    opened_store: OpenedStore, share: float, leased: bool
) -> None:
    now = int(time.time())
    made = entry(created_at=now - 80, expires_at=now + 20, purge_at=now + 20)
    await opened_store.store.commit(Commit(TENANT, made))

    found = await opened_store.store.lookup(asking(refresh_ahead=share, flight="key:digest"))
    unasked = await opened_store.store.lookup(asking(refresh_ahead=share))

    assert isinstance(found, Hit)
    assert isinstance(unasked, Hit)
    assert (found.lease is not None, found.is_stale) == (leased, False)
    assert unasked.lease is None
