"""What batches rely on, the same for every kind of exact store."""

import asyncio
import math
import time
from dataclasses import replace

import pytest

from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.domain.client_keys.limits import KeyCheck, KeyRecord, Limits, Refusal
from llm_cache_proxy.domain.client_keys.usage import Charge, month_of
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.ports.exact_store.items import ItemHit, ItemsFound, ItemsLookup
from llm_cache_proxy.ports.exact_store.store import Commit, OtherNamespace, Refused
from samples.stores.exact_entries import TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore, counts

KEY = "00000000000000aa"
RECORD = KeyRecord(name="ci", created_at=1_700_000_000)
CHECK = KeyCheck(KEY, "m", None, tokens=10, nano_dollars=1_000)
ITEM = Forms(json='{"vector": "ä"}', sse="", usage_event="")


async def found(opened_store: OpenedStore, *keys: str, **changes: object) -> ItemsFound:
    query = replace(ItemsLookup(TENANT, keys), **changes)  # type: ignore[arg-type]
    answer = await opened_store.store.lookup_items(query)
    assert isinstance(answer, ItemsFound)
    return answer


async def kept(opened_store: OpenedStore, *keys: str, **changes: object) -> bool:
    entries = [entry(key, forms=ITEM, **changes) for key in keys]
    return await opened_store.store.commit_items(TENANT, entries, {})


async def test_an_empty_store_has_none_of_the_items(opened_store: OpenedStore) -> None:
    answer = await found(opened_store, "a", "b")

    assert (answer.hits, answer.sequence, answer.grant) == ({}, 0, None)
    assert abs(answer.now - time.time()) < 5


async def test_items_that_were_stored_together_are_found_by_key_with_their_facts(
    opened_store: OpenedStore,
) -> None:
    made = entry("b")

    assert await kept(opened_store, "a", "b")
    hits = (await found(opened_store, "b", "none", "a")).hits

    assert set(hits) == {"a", "b"}
    times = (made.created_at, made.expires_at)
    assert hits["b"] == ItemHit('{"vector": ', "ä".encode(), "id-b", *times, "m", 12)


async def test_items_count_by_model_and_a_whole_batch_as_one_hit(opened_store: OpenedStore) -> None:
    await kept(opened_store, "a", "b")

    await found(opened_store, "a", "b", "none")
    partly = await counts(opened_store.store, TENANT)
    await found(opened_store, "a", "b", counts={"misses": 3})
    whole = await counts(opened_store.store, TENANT)

    assert partly == {"model:m:hits": 2, "model:m:prompt_saved": 24}
    assert whole == {
        "model:m:hits": 4,
        "model:m:prompt_saved": 48,
        "exact_hits": 1,
        "misses": 3,
    }


async def test_counts_and_recent_lines_ride_along(opened_store: OpenedStore) -> None:
    await found(opened_store, "a", recent=["one", "two"], counts={"misses": 1})
    await opened_store.store.commit_items(TENANT, [entry("a")], {"misses": 2})

    assert (await counts(opened_store.store, TENANT))["misses"] == 3
    assert await opened_store.store.recent(TENANT, 0, 10) == ["two", "one"]


async def test_a_lookup_without_keys_gives_the_sequence(opened_store: OpenedStore) -> None:
    cutoff = await opened_store.store.cut(TENANT, "all")

    answer = await found(opened_store)

    assert (answer.sequence, answer.hits) == (cutoff, {})
    assert "exact_hits" not in await counts(opened_store.store, TENANT)


@pytest.mark.parametrize("selector", ["all", "namespace:default", "tag:red", "entry:id-a"])
async def test_a_clear_takes_items_as_it_takes_entries(
    opened_store: OpenedStore, selector: str
) -> None:
    await kept(opened_store, "a")

    cutoff = await opened_store.store.cut(TENANT, selector)

    assert (await found(opened_store, "a")).hits == {}
    assert not await kept(opened_store, "a")
    assert await kept(opened_store, "a", sequence=cutoff)
    assert set((await found(opened_store, "a")).hits) == {"a"}


async def test_a_clear_by_age_takes_items(opened_store: OpenedStore) -> None:
    await kept(opened_store, "a")

    await opened_store.store.cut_before(TENANT, int(time.time()))

    assert (await found(opened_store, "a")).hits == {}


async def test_expired_items_and_those_that_are_too_old_are_misses(
    opened_store: OpenedStore,
) -> None:
    now = int(time.time())
    await kept(opened_store, "gone", expires_at=now - 1, purge_at=now + 100)
    await kept(opened_store, "old", created_at=now - 100)

    assert (await found(opened_store, "gone")).hits == {}
    assert (await found(opened_store, "old", max_age_seconds=50)).hits == {}
    assert set((await found(opened_store, "old", max_age_seconds=200)).hits) == {"old"}


async def test_tenants_have_items_of_their_own(opened_store: OpenedStore) -> None:
    await kept(opened_store, "a")

    assert (await found(opened_store, "a", tenant="other")).hits == {}


async def test_a_promotion_is_no_item(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())

    assert (await found(opened_store, "other")).hits == {}


@pytest.mark.parametrize(
    ("field", "value"), [("selectors", "none"), ("prompt_tokens", "many"), ("version", 99)]
)
async def test_a_malformed_item_is_a_miss_among_hits(
    opened_store: OpenedStore, field: str, value: object
) -> None:
    await kept(opened_store, "a", "b")

    opened_store.spoil(TENANT, "a", field, value)

    assert set((await found(opened_store, "a", "b")).hits) == {"b"}


async def test_items_are_listed_and_read_as_entries_are(opened_store: OpenedStore) -> None:
    await kept(opened_store, "a", "b")

    page = await opened_store.store.page(TENANT, None, 10)
    read = await opened_store.store.read(TENANT, "a")

    assert sorted(line.key for line in page.entries) == ["a", "b"]
    assert read is not None
    assert read.forms == ITEM


async def test_hundreds_of_items_are_one_lookup(opened_store: OpenedStore) -> None:
    keys = [f"key-{at}" for at in range(256)]
    assert await kept(opened_store, *keys)

    assert set((await found(opened_store, *keys)).hits) == set(keys)


async def test_what_is_missing_is_reserved_of_the_keys_budgets(opened_store: OpenedStore) -> None:
    await opened_store.store.write_key(TENANT, KEY, RECORD)
    await kept(opened_store, "a", "b")
    before = time.time()

    half = await found(opened_store, "a", "none", check=CHECK)
    whole = await found(opened_store, "a", "b", check=CHECK)
    unread = await found(opened_store, check=CHECK)

    assert half.grant is not None
    assert whole.grant is not None
    assert unread.grant is not None
    today, month = int(before) // 86_400, month_of(before)
    assert half.grant.charge == Charge(KEY, today, month, 5, 500)
    assert whole.grant.charge is None
    assert unread.grant.charge == Charge(KEY, today, month, 10, 1_000)
    usage = (await opened_store.store.read_keys(TENANT))[KEY].usage
    assert (usage.requests, usage.tokens, usage.nano_dollars) == (3, 15, 1_500)


async def test_a_budget_for_the_missing_items_alone_is_enough(opened_store: OpenedStore) -> None:
    record = replace(RECORD, limits=Limits(None, 6, None))
    await opened_store.store.write_key(TENANT, KEY, record)
    await kept(opened_store, "a")

    served = await found(opened_store, "a", "none", check=CHECK)
    short = await found(opened_store, "none", check=CHECK)

    assert served.grant is not None
    assert served.grant.short is None
    assert short.grant is not None
    assert short.grant.short is Refusal.TOKENS


async def test_an_unknown_key_gets_nothing_and_another_namespace_is_reported(
    opened_store: OpenedStore,
) -> None:
    query = ItemsLookup(TENANT, ["a"], check=replace(CHECK, namespace="default"))
    await kept(opened_store, "a")

    refused = await opened_store.store.lookup_items(query)
    await opened_store.store.write_key(TENANT, KEY, replace(RECORD, namespace="team"))
    elsewhere = await opened_store.store.lookup_items(query)

    assert refused == Refused(Refusal.UNKNOWN)
    assert elsewhere == OtherNamespace("team")
    assert "exact_hits" not in await counts(opened_store.store, TENANT)


@pytest.mark.parametrize("opened_store", ["redis", "upstash"], indirect=True)
async def test_a_full_redis_serves_items_and_stores_none(opened_store: OpenedStore) -> None:
    await kept(opened_store, "a")

    opened_store.redis().config_set("maxmemory", 1)
    stored = await kept(opened_store, "b")
    answer = await found(opened_store, "a", "b")

    assert not stored
    assert set(answer.hits) == {"a"}


@pytest.mark.parametrize("opened_store", ["redis"], indirect=True)
async def test_a_record_that_is_no_hash_is_a_miss(opened_store: OpenedStore) -> None:
    opened_store.redis().set(TenantNames(TENANT).record("a"), "text")

    assert (await found(opened_store, "a")).hits == {}


def leasing(claim: str, seconds: float = 60) -> dict[str, object]:
    return {"claim": claim * 16, "lease_seconds": seconds}


async def test_what_is_missing_is_leased_to_the_first_that_asks(opened_store: OpenedStore) -> None:
    await kept(opened_store, "a")

    first = await found(opened_store, "a", "b", **leasing("1"))
    second = await found(opened_store, "c", "b", "a", **leasing("2"))

    assert (set(first.hits), first.followed) == ({"a"}, set())
    assert (set(second.hits), second.followed) == ({"a"}, {"b"})
    assert (await found(opened_store, "b", "c", **leasing("1"))).followed == {"c"}


async def test_a_lookup_without_a_claim_takes_no_lease_and_reports_none(
    opened_store: OpenedStore,
) -> None:
    unleased = await found(opened_store, "a")
    leased = await found(opened_store, "a", **leasing("1"))

    assert (unleased.followed, leased.followed) == (set(), set())
    assert (await found(opened_store, "a")).followed == set()


async def test_an_items_lease_ends_with_its_commit(opened_store: OpenedStore) -> None:
    await found(opened_store, "a", **leasing("1"))

    assert await kept(opened_store, "a")
    answer = await found(opened_store, "a", **leasing("2"))
    cutoff = await opened_store.store.cut(TENANT, "all")
    cleared = await found(opened_store, "a", **leasing("2"))

    assert (set(answer.hits), answer.followed) == ({"a"}, set())
    assert (cleared.hits, cleared.sequence, cleared.followed) == ({}, cutoff, set())
    assert (await found(opened_store, "a", **leasing("3"))).followed == {"a"}


async def test_an_items_lease_is_released_by_its_claim_alone(opened_store: OpenedStore) -> None:
    await found(opened_store, "a", "b", **leasing("1"))

    await opened_store.store.release_items(TENANT, ["a", "b", "none"], "2" * 16)
    held = await found(opened_store, "a", "b", **leasing("2"))
    await opened_store.store.release_items(TENANT, ["a"], "1" * 16)
    released = await found(opened_store, "a", "b", **leasing("2"))

    assert held.followed == {"a", "b"}
    assert released.followed == {"b"}


async def test_an_items_lease_lapses_and_leaves_nothing(opened_store: OpenedStore) -> None:
    await found(opened_store, "a", **leasing("1", seconds=0.05))

    await asyncio.sleep(0.2)

    assert not opened_store.holds(TENANT, "a")
    assert (await found(opened_store, "a", **leasing("2"))).followed == set()
    assert await kept(opened_store, "a")
    assert set((await found(opened_store, "a")).hits) == {"a"}


async def test_a_heartbeat_keeps_the_items_leases_of_its_claim(opened_store: OpenedStore) -> None:
    await kept(opened_store, "stored")
    keys = ["a", "b", "stored", "none"]
    begun = -math.inf
    while time.monotonic() - begun > 1:  # else the heartbeat may have come too late
        begun = time.monotonic()
        await found(opened_store, "a", **leasing("1", seconds=1))
        await found(opened_store, "b", **leasing("2", seconds=1))
        await opened_store.store.extend_items(TENANT, keys, "1" * 16, 60)
    await asyncio.sleep(1.1)

    answer = await found(opened_store, *keys, **leasing("3"))
    assert (set(answer.hits), answer.followed) == ({"stored"}, {"a"})


async def test_a_heartbeat_revives_no_lease_that_has_ended(opened_store: OpenedStore) -> None:
    await found(opened_store, "lapsed", **leasing("1", seconds=0.05))
    await found(opened_store, "cleared", "released", **leasing("1"))
    await asyncio.sleep(0.2)
    await opened_store.store.cut(TENANT, "all")
    await opened_store.store.release_items(TENANT, ["released"], "1" * 16)

    keys = ["lapsed", "cleared", "released"]
    await opened_store.store.extend_items(TENANT, keys, "1" * 16, 20)

    assert (await found(opened_store, *keys, **leasing("2"))).followed == set()


async def test_leased_items_are_no_entries(opened_store: OpenedStore) -> None:
    await found(opened_store, "a", **leasing("1"))

    assert (await opened_store.store.page(TENANT, None, 10)).entries == []
    assert await opened_store.store.read(TENANT, "a") is None


async def test_another_tenants_lease_is_not_followed(opened_store: OpenedStore) -> None:
    await found(opened_store, "a", **leasing("1"))

    assert (await found(opened_store, "a", tenant="other", **leasing("2"))).followed == set()


async def test_what_is_asked_in_part_is_no_hit_of_the_whole(opened_store: OpenedStore) -> None:
    await kept(opened_store, "a")

    await found(opened_store, "a", whole=False)

    assert await counts(opened_store.store, TENANT) == {
        "model:m:hits": 1,
        "model:m:prompt_saved": 12,
    }


async def test_a_clients_key_leases_what_is_missing_and_refused_nothing(
    opened_store: OpenedStore,
) -> None:
    refused = ItemsLookup(TENANT, ["a"], check=CHECK, claim="1" * 16, lease_seconds=10)
    assert isinstance(await opened_store.store.lookup_items(refused), Refused)
    await opened_store.store.write_key(TENANT, KEY, RECORD)

    first = await found(opened_store, "a", check=CHECK, **leasing("2"))
    second = await found(opened_store, "a", check=CHECK, **leasing("3"))

    assert (first.followed, second.followed) == (set(), {"a"})


@pytest.mark.parametrize("opened_store", ["redis", "upstash"], indirect=True)
async def test_a_full_redis_leases_nothing(opened_store: OpenedStore) -> None:
    opened_store.redis().config_set("maxmemory", 1)

    await found(opened_store, "a", **leasing("1"))
    answer = await found(opened_store, "a", **leasing("2"))

    assert answer.followed == set()
