"""What a lookup says of a client's key, the same for every kind of exact store."""

import asyncio
import calendar
import time
from contextlib import closing
from dataclasses import replace

import pytest
import redis

from llm_cache_proxy.adapters.exact_store.redis.key_checks import check_text
from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.adapters.exact_store.redis.scripts import script
from llm_cache_proxy.bootstrap.parts import Exact
from llm_cache_proxy.domain.client_keys.limits import Grant, KeyCheck, KeyRecord, Limits, Refusal
from llm_cache_proxy.domain.client_keys.usage import Charge, KeyUsage, month_of
from llm_cache_proxy.domain.entries.entry import Entry, Form, Forms
from llm_cache_proxy.domain.requests.keys import selectors
from llm_cache_proxy.ports.exact_store.keys import HeldKey
from llm_cache_proxy.ports.exact_store.store import (
    Commit,
    Hit,
    Lookup,
    Miss,
    OtherNamespace,
    Refused,
)
from samples.stores.exact_stores import counts

TENANT, KEY = "acme", "00000000000000aa"
RECORD = KeyRecord(name="ci", created_at=1_700_000_000)
CHECK = KeyCheck(KEY, "m", None, tokens=10, nano_dollars=1_000)


def asking(key: str = "none", check: KeyCheck = CHECK, tenant: str = TENANT) -> Lookup:
    return Lookup(tenant, key, Form.JSON, "digest", check=check)


async def keep(store: Exact, **changes: object) -> KeyRecord:
    record = replace(RECORD, **changes)  # type: ignore[arg-type]  # a test names the fields
    assert await store.write_key(TENANT, KEY, record)
    return record


async def keep_entry(store: Exact, key: str = "held") -> None:
    now = int(time.time())
    entry = Entry(
        key=key,
        entry_id=f"id-{key}",
        created_at=now,
        expires_at=now + 600,
        purge_at=now + 600,
        sequence=0,
        selectors=selectors(namespace="default", model="m", entry_id=f"id-{key}"),
        model="m",
        prompt_tokens=3,
        completion_tokens=4,
        text="text",
        text_digest="digest",
        forms=Forms(json="{}", sse="", usage_event=""),
    )
    assert await store.commit(Commit(TENANT, entry))


async def granted(store: Exact, query: Lookup) -> Grant:
    found = await store.lookup(query)
    assert isinstance(found, Hit | Miss)
    assert found.grant is not None
    return found.grant


async def usage(store: Exact, key_id: str = KEY) -> KeyUsage:
    return (await store.read_keys(TENANT))[key_id].usage


async def test_a_key_without_limits_is_served_and_what_it_may_cost_is_reserved(
    store: Exact,
) -> None:
    await keep(store)
    before = time.time()

    grant = await granted(store, asking())

    today, month = int(before) // 86_400, month_of(before)
    assert grant == Grant(charge=Charge(KEY, today, month, 10, 1_000))
    held = await usage(store)
    assert (held.requests, held.tokens, held.nano_dollars) == (1, 10, 1_000)


async def test_a_hit_counts_as_a_request_and_reserves_nothing(store: Exact) -> None:
    await keep(store, limits=Limits(5, 100, 10_000))
    await keep_entry(store)

    found = await store.lookup(asking("held"))

    assert isinstance(found, Hit)
    assert found.grant is not None
    assert found.grant.charge is None
    assert found.grant.requests is not None
    assert (found.grant.requests.limit, found.grant.requests.left) == (5, 4)
    assert 0 < found.grant.requests.reset_seconds <= 60
    assert (await usage(store)).tokens == 0
    assert (await counts(store, TENANT))["exact_hits"] == 1


async def test_an_unknown_key_is_refused(store: Exact) -> None:
    assert await store.lookup(asking()) == Refused(Refusal.UNKNOWN)


async def test_another_tenants_key_is_unknown(store: Exact) -> None:
    await keep(store)

    assert await store.lookup(asking(tenant="other")) == Refused(Refusal.UNKNOWN)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"revoked_at": 1_700_000_001}, Refusal.REVOKED),
        ({"expires_at": 1_700_000_001}, Refusal.EXPIRED),
        ({"models": ("other", "third")}, Refusal.MODEL),
        ({"limits": Limits(requests_per_minute=0)}, Refusal.REQUESTS),
    ],
)
async def test_a_key_that_may_not_is_refused_before_anything_is_looked_up(
    store: Exact, changes: dict[str, object], why: Refusal
) -> None:
    await keep(store, **changes)
    await keep_entry(store)

    answer = await store.lookup(asking("held"))

    assert isinstance(answer, Refused)
    assert answer.refusal is why
    assert "exact_hits" not in await counts(store, TENANT)
    assert (await usage(store)).requests == 0


@pytest.mark.parametrize("model", ["m", None])
async def test_a_listed_model_and_a_request_that_needs_none_are_served(
    store: Exact, model: str | None
) -> None:
    await keep(store, models=("other", "m"))

    await granted(store, asking(check=replace(CHECK, model=model)))


async def test_a_request_whose_model_is_unknown_is_refused_a_key_with_a_list(
    store: Exact,
) -> None:
    await keep(store, models=("m",))

    answer = await store.lookup(asking(check=replace(CHECK, model="")))

    assert isinstance(answer, Refused)
    assert answer.refusal is Refusal.MODEL


async def test_a_key_expires_when_its_time_has_come_and_not_before(store: Exact) -> None:
    await keep(store, expires_at=int(time.time()) + 600)

    await granted(store, asking())


async def test_a_minute_has_as_many_requests_as_the_limit_says(store: Exact) -> None:
    await keep(store, limits=Limits(requests_per_minute=3))

    answers = await asyncio.gather(*(store.lookup(asking()) for _ in range(10)))

    assert sum(isinstance(answer, Miss) for answer in answers) == 3
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {answer.refusal for answer in refused} == {Refusal.REQUESTS}
    assert all(answer.grant and answer.grant.requests for answer in refused)
    assert {answer.grant.requests.left for answer in refused if answer.grant} == {0}  # type: ignore[union-attr]  # asserted above


async def test_a_requests_later_questions_are_not_counted_and_reserve_once_more(
    store: Exact,
) -> None:
    await keep(store, limits=Limits(requests_per_minute=1))

    await granted(store, asking(check=replace(CHECK, reserves=False)))
    later = await granted(store, asking(check=replace(CHECK, counts_request=False)))

    assert later.charge is not None
    assert (await usage(store)).requests == 1
    assert (await usage(store)).tokens == 10


@pytest.mark.parametrize(
    ("limits", "check", "why"),
    [
        (Limits(tokens_per_day=25), CHECK, Refusal.TOKENS),
        (Limits(nano_dollars_per_month=2_500), CHECK, Refusal.DOLLARS),
        (Limits(nano_dollars_per_month=2_500), replace(CHECK, nano_dollars=None), Refusal.UNPRICED),
    ],
)
async def test_what_a_budget_has_no_room_for_is_not_reserved(
    store: Exact, limits: Limits, check: KeyCheck, why: Refusal
) -> None:
    await keep(store, limits=limits)
    await granted(store, asking())
    await granted(store, asking())
    before = await usage(store)

    grant = await granted(store, asking(check=check))

    assert (grant.short, grant.charge) == (why, None)
    after = await usage(store)
    assert (after.tokens, after.nano_dollars) == (before.tokens, before.nano_dollars)


async def test_a_stored_answer_is_served_though_the_budget_is_used_up(store: Exact) -> None:
    await keep(store, limits=Limits(tokens_per_day=0))
    await keep_entry(store)

    assert isinstance(await store.lookup(asking("held")), Hit)
    assert (await granted(store, asking())).short is Refusal.TOKENS


async def test_an_unknown_price_is_no_matter_without_a_dollar_limit(store: Exact) -> None:
    await keep(store)

    grant = await granted(store, asking(check=replace(CHECK, nano_dollars=None)))

    assert grant.charge is not None
    assert grant.charge.nano_dollars == 0


async def test_budgets_are_exact_at_their_largest(store: Exact) -> None:
    most = 9_000_000_000_000_000
    await keep(store, limits=Limits(nano_dollars_per_month=most))

    grant = await granted(store, asking(check=replace(CHECK, nano_dollars=most - 1)))
    last = await granted(store, asking(check=replace(CHECK, nano_dollars=1)))
    over = await granted(store, asking(check=replace(CHECK, nano_dollars=1)))

    assert grant.nano_dollars is not None
    assert grant.nano_dollars.left == 1
    assert last.short is None
    assert over.short is Refusal.DOLLARS
    assert (await usage(store)).nano_dollars == most


@pytest.mark.parametrize("way", ["record", "commit", "lookup", "promote"])
async def test_a_charge_is_corrected_by_every_call_that_takes_counts(
    store: Exact, way: str
) -> None:
    await keep(store)
    await keep_entry(store)
    charge = (await granted(store, asking())).charge
    assert charge is not None
    corrections = charge.corrected_to(3, 250)

    if way == "record":
        await store.record(TENANT, corrections)
    elif way == "lookup":
        await store.lookup(Lookup(TENANT, "none", Form.JSON, "digest", counts=corrections))
    elif way == "promote":
        query = Lookup(TENANT, "held", Form.JSON, "digest", counts=corrections)
        assert isinstance(await store.promote(TENANT, None, query), Hit)
    else:
        entry = await store.read(TENANT, "held")
        assert entry is not None
        await store.commit(Commit(TENANT, replace(entry, key="other"), counts=corrections))

    held = await usage(store)
    assert (held.tokens, held.nano_dollars) == (3, 250)
    assert not any(name.startswith("usage:") for name in await counts(store, TENANT))


async def test_a_promotion_that_finds_nothing_corrects_nothing(store: Exact) -> None:
    await keep(store)
    charge = (await granted(store, asking())).charge
    assert charge is not None
    query = Lookup(TENANT, "gone", Form.JSON, "digest", counts=charge.corrected_to(0, 0))

    assert isinstance(await store.promote(TENANT, None, query), Miss)

    assert (await usage(store)).tokens == 10


async def test_a_correction_of_a_day_that_is_over_changes_nothing(store: Exact) -> None:
    await keep(store)
    charge = (await granted(store, asking())).charge
    assert charge is not None
    late = replace(charge, day=charge.day - 1, month=charge.month - 1)

    await store.record(TENANT, late.corrected_to(0, 0))

    assert (await usage(store)).tokens == 10
    assert (await usage(store)).nano_dollars == 1_000


async def test_what_was_served_unchecked_is_charged_though_nothing_was_reserved(
    store: Exact,
) -> None:
    await keep(store)
    unreserved = Charge(KEY, int(time.time()) // 86_400, month_of(time.time()))

    await store.record(TENANT, unreserved.corrected_to(7, 70))

    held = await usage(store)
    assert (held.tokens, held.nano_dollars) == (7, 70)


async def test_usage_never_falls_below_nothing(store: Exact) -> None:
    await keep(store)
    charge = (await granted(store, asking())).charge
    assert charge is not None

    await store.record(TENANT, replace(charge, tokens=50).corrected_to(0, 0))

    assert (await usage(store)).tokens == 0


async def test_another_namespace_is_reported_before_anything_is_counted(store: Exact) -> None:
    await keep(store, namespace="shop")
    await keep_entry(store)

    answer = await store.lookup(asking("held", replace(CHECK, namespace="default")))

    assert answer == OtherNamespace("shop")
    assert (await usage(store)).requests == 0
    assert "exact_hits" not in await counts(store, TENANT)
    await granted(store, asking("held", replace(CHECK, namespace="shop")))


async def test_counts_are_added_though_the_key_is_refused(store: Exact) -> None:
    await store.lookup(replace(asking(), counts={"misses": 2}))

    assert (await counts(store, TENANT))["misses"] == 2


async def test_a_key_is_written_where_none_stands_and_in_place_of_the_one_named(
    store: Exact,
) -> None:
    record = await keep(store)
    revoked = replace(record, revoked_at=1_700_000_100)

    assert not await store.write_key(TENANT, KEY, RECORD)
    assert not await store.write_key(TENANT, KEY, revoked, instead_of=revoked)
    assert await store.write_key(TENANT, KEY, revoked, instead_of=record)

    assert (await store.read_keys(TENANT))[KEY].record == revoked
    assert await store.read_keys("other") == {}


async def test_a_record_comes_back_as_it_was_written(store: Exact) -> None:
    record = KeyRecord(
        name='für "alle" 🙂',
        created_at=1_700_000_000,
        limits=Limits(60, 1_000_000, 9_000_000_000_000_000),
        models=("m", "größe/x"),
        namespace="shop",
        expires_at=1_900_000_000,
        revoked_at=1_800_000_000,
    )

    assert await store.write_key(TENANT, KEY, record)

    assert await store.read_keys(TENANT) == {KEY: HeldKey(record, KeyUsage())}
    assert TENANT in await store.tenants()


async def test_a_key_may_begin_with_what_another_has_used(store: Exact) -> None:
    await keep(store)
    await granted(store, asking())
    other = "00000000000000bb"

    assert await store.write_key(TENANT, other, RECORD, usage_of=KEY)

    assert await usage(store, other) == await usage(store, KEY)


async def test_a_revocation_is_seen_by_the_next_lookup(store: Exact) -> None:
    record = await keep(store)
    await granted(store, asking())

    await store.write_key(TENANT, KEY, replace(record, revoked_at=1), instead_of=record)

    answer = await store.lookup(asking())
    assert isinstance(answer, Refused)
    assert answer.refusal is Refusal.REVOKED


def test_the_month_is_that_of_the_servers_clock_whatever_the_callers_says(redis_url: str) -> None:
    ends = [
        calendar.timegm((year, month, 1, 0, 0, 0)) for year in (2027, 2028) for month in (1, 2, 3)
    ]
    clocks = [(end + here, end + there) for end in ends for here in (-1, 0) for there in (-60, 60)]
    body = script("entries/lookup").text.split("local function usage_at")[0]
    body += """
        local months = {}
        for at = 1, #ARGV, 2 do
          months[#months + 1] = month_of(tonumber(ARGV[at]), cjson.decode(ARGV[at + 1]))
        end
        return months
    """
    words = [word for here, there in clocks for word in (here, check_text(CHECK, there))]

    with closing(redis.Redis.from_url(redis_url)) as client:
        months = client.eval(body, 0, *words)

    assert months == [month_of(here) for here, _ in clocks]


@pytest.mark.parametrize("opened_store", ["redis"], indirect=True)
async def test_a_full_redis_serves_uncounted(store: Exact, redis_url: str) -> None:
    await keep(store, limits=Limits(requests_per_minute=1))
    await granted(store, asking())
    client = redis.Redis.from_url(redis_url)
    client.hset(TenantNames(TENANT).usage, f"{KEY}:r", 0)
    client.config_set("maxmemory", 1)
    try:
        grants = [await granted(store, asking()) for _ in range(3)]
    finally:
        client.config_set("maxmemory", 0)

    assert [(grant.counted, grant.charge) for grant in grants] == [(False, None)] * 3


@pytest.mark.parametrize("opened_store", ["redis"], indirect=True)
async def test_a_record_that_cannot_be_read_is_an_unknown_key(store: Exact, redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    for text in ("", "{", "[]", '"x"', '{"name": "x"}', "null"):
        client.hset(TenantNames(TENANT).client_keys, KEY, text)

        assert await store.lookup(asking()) == Refused(Refusal.UNKNOWN)
        assert await store.read_keys(TENANT) == {}
