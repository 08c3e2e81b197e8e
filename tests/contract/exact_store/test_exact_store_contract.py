"""What the request path relies on, the same for every kind of exact store."""

import asyncio
import time

import pytest

from llm_cache_proxy.domain.entries.entry import Entry, Form, Forms, joined_sse
from llm_cache_proxy.ports.exact_store.store import AliasFound, Commit, Hit, Miss, Promoted
from samples.stores.exact_entries import FORMS, TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore

REDIS = ["redis", "upstash"]
ODD_TENANTS = ["a:b", "a", "{a}", "a}", "*", "a/b", "ä", "A", "a b", "", "default:x", "%7Ba%7D"]


only_redis = pytest.mark.parametrize("opened_store", REDIS, indirect=True)


async def counts(opened_store: OpenedStore, tenant: str = TENANT) -> dict[str, int]:
    total: dict[str, int] = {}
    for window in await opened_store.store.counters(tenant):
        for name, amount in window.counts.items():
            total[name] = total.get(name, 0) + amount
    return total


async def test_an_empty_store_has_a_miss_of_sequence_zero(opened_store: OpenedStore) -> None:
    assert await opened_store.store.lookup(asking()) == Miss(0)


async def test_a_stored_entry_is_a_hit_with_its_facts(opened_store: OpenedStore) -> None:
    made = entry()

    assert await opened_store.store.commit(Commit(TENANT, made))
    found = await opened_store.store.lookup(asking())

    assert isinstance(found, Hit)
    assert found.body == FORMS.json
    assert (found.entry_id, found.model) == (made.entry_id, "m")
    assert (found.created_at, found.expires_at) == (made.created_at, made.expires_at)
    assert (found.prompt_tokens, found.completion_tokens) == (12, 34)
    assert found.text is None
    assert abs(found.now - time.time()) < 5


@pytest.mark.parametrize(
    ("form", "body"),
    [
        (Form.JSON, FORMS.json),
        (Form.SSE, joined_sse(FORMS.sse, "")),
        (Form.SSE_WITH_USAGE, joined_sse(FORMS.sse, FORMS.usage_event)),
    ],
)
async def test_a_hit_comes_in_the_form_that_was_requested(
    opened_store: OpenedStore, form: Form, body: str
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))

    found = await opened_store.store.lookup(asking(form=form))

    assert isinstance(found, Hit)
    assert found.body == body


@pytest.mark.parametrize(
    ("forms", "form"),
    [
        (Forms("", FORMS.sse, FORMS.usage_event), Form.JSON),
        (Forms(FORMS.json, "", ""), Form.SSE),
        (Forms(FORMS.json, "", ""), Form.SSE_WITH_USAGE),
    ],
)
async def test_an_entry_without_the_form_asked_for_is_a_miss_that_takes_the_lease(
    opened_store: OpenedStore, forms: Forms, form: Form
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry(forms=forms)))

    bare = await opened_store.store.lookup(asking(form=form))
    leased = await opened_store.store.lookup(asking(form=form, flight="f", claim="c"))
    promoted = await opened_store.store.promote(TENANT, alias(), asking(form=form))

    assert bare == promoted == Miss(0, unproved=True)
    assert isinstance(leased, Miss)
    assert leased.unproved
    assert leased.lease is not None
    assert leased.lease.led
    assert await counts(opened_store) == {}


async def test_the_stored_text_comes_back_where_the_asking_one_differs(
    opened_store: OpenedStore,
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry(text="What is US?")))

    found = await opened_store.store.lookup(asking(text_digest="another"))

    assert isinstance(found, Hit)
    assert found.text == "What is US?"


async def test_an_entry_older_than_requested_is_a_miss_and_stays(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))

    assert isinstance(await opened_store.store.lookup(asking(max_age_seconds=5)), Miss)
    assert isinstance(await opened_store.store.lookup(asking(max_age_seconds=60)), Hit)


async def test_an_expired_entry_is_a_miss(opened_store: OpenedStore) -> None:
    now = int(time.time())
    await opened_store.store.commit(Commit(TENANT, entry(expires_at=now, purge_at=now + 60)))

    assert isinstance(await opened_store.store.lookup(asking()), Miss)


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

    assert await counts(opened_store) == {
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


async def test_writing_again_replaces_every_field(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.commit(Commit(TENANT, entry(entry_id="second", text="new")))

    found = await opened_store.store.lookup(asking(text_digest="another"))

    assert isinstance(found, Hit)
    assert (found.entry_id, found.text) == ("second", "new")


async def test_a_hit_counts_itself_and_the_tokens_it_saved(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry(), {"misses": 1}))

    for _ in range(2):
        await opened_store.store.lookup(asking(counts={"error:search": 3}))

    assert await counts(opened_store) == {
        "misses": 1,
        "error:search": 6,
        "exact_hits": 2,
        "model:m:hits": 2,
        "model:m:prompt_saved": 24,
        "model:m:completion_saved": 68,
    }


async def test_a_miss_counts_what_rides_along_and_nothing_else(opened_store: OpenedStore) -> None:
    await opened_store.store.lookup(asking(counts={"latency:MISS:3": 1}))
    await opened_store.store.record(TENANT, {"misses": 2, "model:m:prompt_used": -5})

    assert await counts(opened_store) == {
        "latency:MISS:3": 1,
        "misses": 2,
        "model:m:prompt_used": -5,
    }


async def test_a_promotion_answers_and_leaves_an_alias(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))

    given = await opened_store.store.promote(
        TENANT, alias(), asking(text_digest="digest of other", form=Form.SSE)
    )
    found = await opened_store.store.lookup(asking("other"))

    assert isinstance(given, Hit)
    assert (given.body, given.text) == (joined_sse(FORMS.sse, ""), "What is key?")
    assert found == AliasFound(alias(), 0)
    counted = await counts(opened_store)
    assert (counted["semantic_hits"], counted.get("exact_hits", 0)) == (1, 0)
    assert counted["model:m:prompt_saved"] == 12


async def test_a_promotion_that_may_leave_nothing_leaves_nothing(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))

    assert isinstance(await opened_store.store.promote(TENANT, None, asking()), Hit)

    assert await opened_store.store.lookup(asking("other")) == Miss(0)


async def test_an_absent_target_cannot_be_promoted(opened_store: OpenedStore) -> None:
    assert isinstance(await opened_store.store.promote(TENANT, alias(), asking()), Miss)

    assert not opened_store.holds(TENANT, "other")


async def test_an_entry_over_an_alias_and_an_alias_over_an_entry_leave_nothing_of_the_old(
    opened_store: OpenedStore,
) -> None:
    for key in ("key", "other"):
        await opened_store.store.commit(Commit(TENANT, entry(key)))
    await opened_store.store.promote(TENANT, alias(), asking())
    assert await opened_store.store.lookup(asking("other")) == AliasFound(alias(), 0)

    await opened_store.store.commit(Commit(TENANT, entry("other")))

    assert isinstance(await opened_store.store.lookup(asking("other")), Hit)


async def test_an_alias_cannot_be_promoted(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())

    again = await opened_store.store.promote(TENANT, alias("third", "other"), asking("other"))

    assert isinstance(again, Miss)


@only_redis
async def test_an_alias_lives_as_long_as_its_entry(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())

    lives = [opened_store.redis().pttl(name) for name in opened_store.redis().scan_iter("*:x:*")]

    assert len(lives) == 2
    assert all(3_500_000 < life <= 3_600_000 for life in lives)


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
    assert (await counts(opened_store))["misses"] == 1
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


async def test_aliases_are_no_entries(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())

    assert await opened_store.store.count_entries(TENANT) == 1


@pytest.mark.parametrize("other", ODD_TENANTS)
async def test_tenants_share_no_key_whatever_their_names(
    opened_store: OpenedStore, other: str
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    for tenant in ODD_TENANTS:
        if tenant != other:
            await opened_store.store.commit(Commit(tenant, entry(), {"misses": 1}))

    assert await opened_store.store.lookup(asking(tenant=other)) == Miss(0)
    await opened_store.store.cut(other, "all")
    await opened_store.store.sweep(other, "all")
    assert await counts(opened_store, other) == {}
    assert await opened_store.store.count_entries(other) == 0
    for tenant in (TENANT, *ODD_TENANTS):
        assert (await opened_store.store.count_entries(tenant) == 1) == (tenant != other)


async def test_every_tenant_that_stored_or_counted_is_known(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit("b:{x}", entry()))
    await opened_store.store.record("a", {"misses": 1})

    assert await opened_store.store.tenants() == ["a", "b:{x}"]


async def test_a_check_of_a_store_that_works_leaves_nothing_behind(
    opened_store: OpenedStore,
) -> None:
    assert await opened_store.store.check() is None

    assert await opened_store.store.tenants() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 2),
        ("version", "x"),
        ("created_at", "soon"),
        ("expires_at", "never"),
        ("sequence", "first"),
        ("selectors", "[not json"),
        ("selectors", "{}"),
        ("selectors", "[]"),
        ("entry_id", None),
        ("prompt_tokens", "many"),
        ("completion_tokens", "1.5"),
        ("json", None),
    ],
)
async def test_a_malformed_entry_is_a_miss_and_goes(
    opened_store: OpenedStore, field: str, value: object
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    opened_store.spoil(TENANT, "key", field, value)

    assert await opened_store.store.lookup(asking()) == Miss(0)
    assert not opened_store.holds(TENANT, "key")
    assert await counts(opened_store) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 2),
        ("similarity", "close"),
        ("similarity", 3),
        ("decision_version", "old"),
        ("embedder_id", None),
    ],
)
async def test_a_malformed_alias_is_a_miss_and_goes(
    opened_store: OpenedStore, field: str, value: object
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())
    opened_store.spoil(TENANT, "other", field, value)

    assert await opened_store.store.lookup(asking("other")) == Miss(0)
    assert not opened_store.holds(TENANT, "other")


@only_redis
async def test_a_record_of_another_type_is_a_miss_and_goes(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    [name] = opened_store.redis().scan_iter("*:x:*")
    opened_store.redis().delete(name)
    opened_store.redis().set(name, "rubbish")

    assert await opened_store.store.lookup(asking()) == Miss(0)
    assert not opened_store.holds(TENANT, "key")


@only_redis
async def test_a_body_that_is_no_text_is_a_miss_and_goes(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    opened_store.spoil(TENANT, "key", "json", b"\xff\xfe")

    assert await opened_store.store.lookup(asking()) == Miss(0)
    assert not opened_store.holds(TENANT, "key")


async def test_old_counters_are_folded_and_none_is_lost(opened_store: OpenedStore) -> None:
    now = int(time.time())
    yesterday = (now - 2 * 86_400) // 300 * 300
    last_year = (now - 300 * 86_400) // 86_400 * 86_400
    await opened_store.store.record(TENANT, {"misses": 16})
    opened_store.lay(TENANT, 300, yesterday, {"misses": 1, "exact_hits": 2})
    opened_store.lay(TENANT, 300, yesterday - yesterday % 86_400, {"misses": 4})
    opened_store.lay(TENANT, 86_400, last_year, {"misses": 8})

    windows = await opened_store.store.counters(TENANT)
    again = await opened_store.store.counters(TENANT)

    assert [(w.seconds, w.counts) for w in windows] == [
        (0, {"misses": 8}),
        (86_400, {"misses": 5, "exact_hits": 2}),
        (300, {"misses": 16}),
    ]
    assert windows[1].start == yesterday - yesterday % 86_400
    assert again == windows


@only_redis
async def test_a_full_redis_still_serves_hits_uncounted(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())
    before = await counts(opened_store)
    opened_store.redis().config_set("maxmemory", 1)

    found = await opened_store.store.lookup(asking(counts={"misses": 5}))
    promoted = await opened_store.store.promote(TENANT, alias("third"), asking())
    missed = await opened_store.store.lookup(asking("unknown"))

    assert isinstance(found, Hit)
    assert isinstance(promoted, Hit)
    assert isinstance(await opened_store.store.lookup(asking("other")), AliasFound)
    assert isinstance(missed, Miss)
    assert not await opened_store.store.commit(Commit(TENANT, entry("fourth")))
    assert not opened_store.holds(TENANT, "third")
    assert not opened_store.holds(TENANT, "fourth")
    opened_store.redis().config_set("maxmemory", 0)
    assert await counts(opened_store) == before | {"error:write_refused": 1}


@only_redis
async def test_a_read_only_redis_still_serves_hits_uncounted(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    before = await counts(opened_store)
    opened_store.redis().replicaof("127.0.0.1", "1")  # a replica whose primary is gone

    found = await opened_store.store.lookup(asking())

    assert isinstance(found, Hit)
    assert not await opened_store.store.commit(Commit(TENANT, entry()))
    opened_store.redis().replicaof("NO", "ONE")
    assert await counts(opened_store) == before | {"error:write_refused": 1}


@only_redis
async def test_entries_that_a_full_redis_refuses_are_counted_at_once_and_once(
    opened_store: OpenedStore,
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    opened_store.redis().config_set("maxmemory", 1)

    for key in ("second", "third"):
        await opened_store.store.commit(Commit(TENANT, entry(key)))
    await opened_store.store.commit_items(TENANT, [entry("fourth"), entry("fifth")], {})
    while_full = await counts(opened_store)
    opened_store.redis().config_set("maxmemory", 0)
    await asyncio.gather(
        *(opened_store.store.commit(Commit(TENANT, entry(f"later {n}"))) for n in range(5))
    )
    afterwards = await counts(opened_store)

    assert while_full["error:write_refused"] == 4
    assert afterwards["error:write_refused"] == 4


@only_redis
async def test_an_exact_hit_is_one_command(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.lookup(asking())
    opened_store.redis().config_resetstat()

    for _ in range(10):
        await opened_store.store.lookup(asking())

    stats = opened_store.redis().info("commandstats")
    assert stats["cmdstat_evalsha"]["calls"] == 10
    sent = {name for name in stats if name.split("_")[1] in {"eval", "get", "sadd", "script"}}
    assert sent <= {"cmdstat_get", "cmdstat_sadd"}  # those of the script itself
    assert stats["cmdstat_get"]["calls"] == 10


@only_redis
async def test_scripts_that_the_server_forgot_are_sent_again(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    opened_store.redis().script_flush()

    assert isinstance(await opened_store.store.lookup(asking()), Hit)
