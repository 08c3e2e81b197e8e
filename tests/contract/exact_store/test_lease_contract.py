"""What single flight relies on, the same for every kind of exact store."""

import asyncio
from dataclasses import replace

import pytest

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.ports.exact_store.leases import (
    FoundSemantically,
    Lease,
    NoLease,
    Poll,
    PublishedAnswer,
)
from llm_cache_proxy.ports.exact_store.store import Commit, Hit, Miss
from samples.stores.exact_entries import TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore

FLIGHT = "key:digest of key"


async def lease_of_miss(
    opened_store: OpenedStore, tenant: str = TENANT, seconds: float = 60
) -> Lease:
    """The lease that a lookup gives; it is a miss."""
    found = await opened_store.store.lookup(
        asking(tenant=tenant, flight=FLIGHT, lease_seconds=seconds)
    )
    assert isinstance(found, Miss)
    assert found.lease is not None
    return found.lease


def polling(lease: Lease, **changes: object) -> Poll:
    query = Poll(TENANT, "key", lease, "digest of key", lease_seconds=60)
    return replace(query, **changes)  # type: ignore[arg-type]  # a test names the fields it means


async def test_the_first_of_many_leads_and_the_others_follow_it(opened_store: OpenedStore) -> None:
    leases = await asyncio.gather(*(lease_of_miss(opened_store) for _ in range(10)))

    assert [lease.led for lease in leases].count(True) == 1
    assert len({lease.token for lease in leases}) == 1
    assert all(lease.flight == FLIGHT and 0 <= lease.age_seconds < 60 for lease in leases)


async def test_a_lookup_that_requests_no_lease_takes_none(opened_store: OpenedStore) -> None:
    assert await opened_store.store.lookup(asking()) == Miss(0)
    assert (await lease_of_miss(opened_store)).led


async def test_a_hit_takes_no_lease(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))

    assert isinstance(await opened_store.store.lookup(asking(flight=FLIGHT)), Hit)

    await opened_store.store.cut(TENANT, "all")
    assert (await lease_of_miss(opened_store)).led


async def test_tenants_share_no_lease(opened_store: OpenedStore) -> None:
    assert (await lease_of_miss(opened_store)).led
    assert (await lease_of_miss(opened_store, "other")).led


async def test_a_follower_waits_then_finds_what_the_leader_stored(
    opened_store: OpenedStore,
) -> None:
    leader, follower = await lease_of_miss(opened_store), await lease_of_miss(opened_store)
    made = entry()
    waiting, _ = await opened_store.store.poll(polling(follower))

    assert await opened_store.store.commit(Commit(TENANT, made, lease=leader))
    found, sequence = await opened_store.store.poll(polling(follower))

    assert isinstance(waiting, Lease)
    assert (waiting.led, waiting.token) == (False, leader.token)
    assert isinstance(found, Entry)
    assert replace(found, purge_at=made.purge_at) == made  # a Redis tells it to the second
    assert sequence == 0


async def test_a_commit_ends_the_lease(opened_store: OpenedStore) -> None:
    leader = await lease_of_miss(opened_store)
    await opened_store.store.commit(Commit(TENANT, entry("elsewhere"), lease=leader))

    again = await lease_of_miss(opened_store)

    assert again.led
    assert again.token > leader.token


async def test_a_commit_that_a_clear_refuses_ends_the_lease_too(opened_store: OpenedStore) -> None:
    leader, follower = await lease_of_miss(opened_store), await lease_of_miss(opened_store)
    cutoff = await opened_store.store.cut(TENANT, "all")

    assert not await opened_store.store.commit(Commit(TENANT, entry(), lease=leader))
    taken, sequence = await opened_store.store.poll(polling(follower))

    assert isinstance(taken, Lease)
    assert taken.led
    assert sequence == cutoff


async def test_followers_read_what_is_not_kept_and_later_callers_do_not(
    opened_store: OpenedStore,
) -> None:
    leader, follower = await lease_of_miss(opened_store), await lease_of_miss(opened_store)

    assert await opened_store.store.publish(TENANT, leader, '{"ä": 1}', 15)
    published, _ = await opened_store.store.poll(polling(follower))
    later = await lease_of_miss(opened_store)

    assert published == PublishedAnswer('{"ä": 1}')
    assert later.led


async def test_what_was_left_for_followers_goes_after_its_time(opened_store: OpenedStore) -> None:
    leader, follower = await lease_of_miss(opened_store), await lease_of_miss(opened_store)
    await opened_store.store.publish(TENANT, leader, "text", 0.05)
    await asyncio.sleep(0.1)

    taken, _ = await opened_store.store.poll(polling(follower))

    assert isinstance(taken, Lease)
    assert taken.led


async def test_a_lease_that_lapses_passes_to_one_follower(opened_store: OpenedStore) -> None:
    leader = await lease_of_miss(opened_store, seconds=0.1)
    followers = [replace(leader, led=False)] * 3
    await asyncio.sleep(0.2)

    polled = [await opened_store.store.poll(polling(follower)) for follower in followers]

    leases = [lease for lease, _ in polled if isinstance(lease, Lease)]
    assert [lease.led for lease in leases] == [True, False, False]
    assert len({lease.token for lease in leases}) == 1
    assert leases[0].token > leader.token


async def test_a_heartbeat_keeps_the_lease(opened_store: OpenedStore) -> None:
    async with asyncio.timeout(60):
        leader = await lease_of_miss(opened_store, seconds=1)
        while not await opened_store.store.extend(TENANT, leader, 60):  # it had lapsed: too late
            leader = await lease_of_miss(opened_store, seconds=1)
    await asyncio.sleep(1.1)

    assert not (await lease_of_miss(opened_store)).led


async def test_a_leader_who_lost_the_lease_changes_nothing(opened_store: OpenedStore) -> None:
    late = await lease_of_miss(opened_store, seconds=0.05)
    await asyncio.sleep(0.1)
    present = await lease_of_miss(opened_store)

    assert present.led
    assert not await opened_store.store.extend(TENANT, late, 10)
    assert not await opened_store.store.publish(TENANT, late, "old", 10)
    await opened_store.store.release(TENANT, late)
    assert not await opened_store.store.commit(Commit(TENANT, entry(), lease=late))
    assert (await lease_of_miss(opened_store)).token == present.token


async def test_a_late_leader_never_stores_over_a_later_one(opened_store: OpenedStore) -> None:
    late = await lease_of_miss(opened_store, seconds=0.05)
    await asyncio.sleep(0.1)
    present = await lease_of_miss(opened_store)
    await opened_store.store.commit(Commit(TENANT, entry(entry_id="new"), lease=present))

    assert not await opened_store.store.commit(Commit(TENANT, entry(entry_id="old"), lease=late))

    found = await opened_store.store.lookup(asking())
    assert isinstance(found, Hit)
    assert found.entry_id == "new"


async def test_a_released_lease_is_the_next_followers(opened_store: OpenedStore) -> None:
    leader, follower = await lease_of_miss(opened_store), await lease_of_miss(opened_store)
    await opened_store.store.release(TENANT, leader)

    taken, _ = await opened_store.store.poll(polling(follower))

    assert isinstance(taken, Lease)
    assert taken.led


async def test_a_promotion_ends_the_lease_and_notifies_followers(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry("target")))
    leader, follower = await lease_of_miss(opened_store), await lease_of_miss(opened_store)

    await opened_store.store.promote(TENANT, alias("key", "target"), asking("target", held=leader))
    polled, _ = await opened_store.store.poll(polling(follower))
    await opened_store.store.cut(TENANT, "all")

    assert polled == FoundSemantically()
    assert (await lease_of_miss(opened_store)).led


async def test_an_entry_of_another_spelling_is_not_what_a_follower_waits_for(
    opened_store: OpenedStore,
) -> None:
    await lease_of_miss(opened_store)
    follower = await lease_of_miss(opened_store)
    await opened_store.store.commit(Commit(TENANT, entry(text_digest="another")))

    polled, _ = await opened_store.store.poll(polling(follower))

    assert isinstance(polled, Lease)
    assert not polled.led


@pytest.mark.parametrize("opened_store", ["redis", "upstash"], indirect=True)
async def test_a_lookup_with_a_lease_and_a_poll_are_one_command_each(
    opened_store: OpenedStore,
) -> None:
    lease = await lease_of_miss(opened_store)
    await opened_store.store.poll(polling(lease))
    opened_store.redis().config_resetstat()

    await lease_of_miss(opened_store)
    await opened_store.store.poll(polling(lease))

    assert opened_store.redis().info("commandstats")["cmdstat_evalsha"]["calls"] == 2


@pytest.mark.parametrize("opened_store", ["redis", "upstash"], indirect=True)
async def test_a_full_redis_gives_no_lease(opened_store: OpenedStore) -> None:
    lease = await lease_of_miss(opened_store)
    await opened_store.store.release(TENANT, lease)
    opened_store.redis().config_set("maxmemory", 1)

    missed = await opened_store.store.lookup(asking(flight=FLIGHT))
    polled, _ = await opened_store.store.poll(polling(lease))

    assert missed == Miss(0)
    assert polled == NoLease()


@pytest.mark.parametrize("opened_store", ["redis", "upstash"], indirect=True)
async def test_no_request_follows_a_leader_that_cannot_end_its_lease(
    opened_store: OpenedStore,
) -> None:
    lease = await lease_of_miss(opened_store)
    opened_store.redis().replicaof("127.0.0.1", "1")  # a replica whose primary is gone

    missed = await opened_store.store.lookup(asking(flight=FLIGHT))
    polled, _ = await opened_store.store.poll(polling(lease))

    assert missed == Miss(0)
    assert polled == NoLease()
    opened_store.redis().replicaof("NO", "ONE")
    assert not (await lease_of_miss(opened_store)).led


async def test_a_claim_takes_back_what_its_lookup_was_given(opened_store: OpenedStore) -> None:
    await opened_store.store.lookup(asking(flight=FLIGHT, claim="mine"))

    await opened_store.store.withdraw(TENANT, FLIGHT, "mine")

    assert (await lease_of_miss(opened_store)).led


async def test_a_claim_takes_back_what_its_poll_was_given(opened_store: OpenedStore) -> None:
    lapsing = await lease_of_miss(opened_store, seconds=0.1)
    await asyncio.sleep(0.2)
    taken, _ = await opened_store.store.poll(polling(lapsing, claim="mine"))

    await opened_store.store.withdraw(TENANT, FLIGHT, "mine")

    assert isinstance(taken, Lease)
    assert taken.led
    assert (await lease_of_miss(opened_store)).led


async def test_a_claim_takes_back_nothing_of_another(opened_store: OpenedStore) -> None:
    await opened_store.store.lookup(asking(flight=FLIGHT, claim="mine"))

    await opened_store.store.withdraw(TENANT, FLIGHT, "yours")
    await opened_store.store.withdraw(TENANT, "another flight", "mine")
    await opened_store.store.withdraw("other", FLIGHT, "mine")

    assert not (await lease_of_miss(opened_store)).led


async def test_a_claim_that_followed_takes_back_nothing(opened_store: OpenedStore) -> None:
    await opened_store.store.lookup(asking(flight=FLIGHT, claim="leads"))
    await opened_store.store.lookup(asking(flight=FLIGHT, claim="follows"))

    await opened_store.store.withdraw(TENANT, FLIGHT, "follows")

    assert not (await lease_of_miss(opened_store)).led
