"""What operators read from the exact tier, the same for every kind of store."""

import time
from dataclasses import replace

import pytest

from llm_cache_proxy.bootstrap.parts import Exact
from llm_cache_proxy.domain.entries.entry import Alias, Entry, Form, Forms
from llm_cache_proxy.domain.requests.keys import selectors
from llm_cache_proxy.ports.exact_store.admin import BEGINNING_CHARACTERS, Listed, Texts
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT, Commit, Hit, Lookup, Miss

TENANT = "acme {1}"


def entry(name: str, *, age: int = 0, ttl: int = 3_600, sequence: int = 0) -> Entry:
    created = int(time.time()) - age
    return Entry(
        key=f"key-{name}",
        entry_id=f"id-{name}",
        created_at=created,
        expires_at=created + ttl,
        purge_at=created + ttl + 60,
        sequence=sequence,
        selectors=selectors(namespace="n", model="m", entry_id=f"id-{name}", tags=("t", "ü:1")),
        model="m",
        prompt_tokens=10,
        completion_tokens=5,
        text=f"What is {name}? ✓",
        text_digest=f"digest-{name}",
        forms=Forms(json=f'{{"said":"{name} ✓"}}', sse="data: {}\n\n", usage_event="data: u\n\n"),
    )


def asking(name: str, *lines: str) -> Lookup:
    return Lookup(TENANT, f"key-{name}", Form.JSON, f"digest-{name}", recent=lines)


async def keep(store: Exact, *entries: Entry, tenant: str = TENANT) -> None:
    for one in entries:
        assert await store.commit(Commit(tenant, one))


async def listed(store: Exact, limit: int = 3) -> dict[str, Listed]:
    found: dict[str, Listed] = {}
    page = await store.page(TENANT, None, limit)
    found |= {one.key: one for one in page.entries}
    while page.cursor is not None:
        page = await store.page(TENANT, page.cursor, limit)
        found |= {one.key: one for one in page.entries}
    return found


async def test_the_pages_show_every_entry_of_the_tenant_and_nothing_else(store: Exact) -> None:
    await keep(store, *(entry(f"e{number}") for number in range(10)))
    await keep(store, entry("theirs"), tenant="rival")

    found = await listed(store)

    assert set(found) == {f"key-e{number}" for number in range(10)}
    one, kept = found["key-e4"], entry("e4")
    assert (one.entry_id, one.model, one.selectors) == (kept.entry_id, "m", kept.selectors)
    assert (one.prompt_tokens, one.completion_tokens) == (10, 5)
    assert abs(one.expires_at - kept.expires_at) <= 1


@pytest.mark.parametrize("wanted", ["paris", "IS PARIS?", "✓", "What"])
async def test_a_page_can_be_of_texts_that_hold_something(store: Exact, wanted: str) -> None:
    await keep(store, entry("Paris"), replace(entry("b"), text="Wo liegt Rom?"))

    page = await store.page(TENANT, None, 10, Texts(wanted))

    assert [one.key for one in page.entries] == ["key-Paris"]
    assert page.entries[0].beginning is None


async def test_a_page_shows_how_texts_begin_in_whole_characters(store: Exact) -> None:
    long = "✓é" * BEGINNING_CHARACTERS
    await keep(store, replace(entry("a"), text=long), entry("b"))

    page = await store.page(TENANT, None, 10, Texts(beginnings=True))

    found = {one.key: one.beginning for one in page.entries}
    assert found == {"key-a": long[:BEGINNING_CHARACTERS], "key-b": "What is b? ✓"}


async def test_an_empty_store_has_one_empty_page(store: Exact) -> None:
    page = await store.page(TENANT, None, 10)

    assert (list(page.entries), page.cursor) == ([], None)


async def test_aliases_and_what_may_not_be_served_are_on_no_page(store: Exact) -> None:
    await keep(store, entry("whole"), entry("expired", age=100, ttl=50))
    alias = Alias("key-alias", "key-whole", 0.95, 1, "e", "digest-alias")
    assert isinstance(await store.promote(TENANT, alias, asking("whole")), Hit)
    await store.cut(TENANT, "entry:id-gone")
    await keep(store, entry("later", sequence=0))

    assert set(await listed(store)) == {"key-whole", "key-later"}
    assert await store.read(TENANT, "key-alias") is None
    assert await store.read(TENANT, "key-expired") is None


async def test_a_cleared_entry_cannot_be_read_before_it_is_swept(store: Exact) -> None:
    await keep(store, entry("a"))

    await store.cut(TENANT, "tag:ü:1")

    assert await listed(store) == {}
    assert await store.read(TENANT, "key-a") is None


async def test_an_entry_is_read_as_it_was_written(store: Exact) -> None:
    kept = entry("a", age=30)
    await keep(store, kept)

    found = await store.read(TENANT, kept.key)

    assert found == kept
    assert await store.read("rival", kept.key) is None


async def test_what_was_created_before_a_time_is_dead_at_once_and_then_swept(
    store: Exact,
) -> None:
    await keep(store, entry("old", age=600), entry("young", age=10))
    alias = Alias("key-alias", "key-old", 0.95, 1, "e", "digest-alias")
    await store.promote(TENANT, alias, asking("old"))

    await store.cut_before(TENANT, int(time.time()) - 300)
    dead, living = await store.lookup(asking("old")), await store.lookup(asking("young"))
    swept = await store.sweep_before(TENANT)

    assert isinstance(dead, Miss)
    assert isinstance(living, Hit)
    assert (swept.entries, swept.aliases) == (1, 1)
    assert await store.count_entries(TENANT) == 1


async def test_an_old_entry_does_not_come_back_after_a_clear_by_age(store: Exact) -> None:
    await store.cut_before(TENANT, int(time.time()) - 300)
    await store.cut_before(TENANT, int(time.time()) - 9_000)  # never moves back

    accepted = await store.commit(Commit(TENANT, entry("old", age=600)))

    assert not accepted
    assert isinstance(await store.lookup(asking("old")), Miss)


async def test_recent_requests_come_with_counts_and_are_bounded(store: Exact) -> None:
    await store.record(TENANT, {"misses": 1}, ["first"])
    await store.lookup(asking("nothing", "second", "third"))
    assert list(await store.recent(TENANT, 0, 10)) == ["third", "second", "first"]
    assert list(await store.recent(TENANT, 1, 1)) == ["second"]

    await store.record(TENANT, {}, [f"line {number}" for number in range(REQUESTS_KEPT + 20)])

    held = await store.recent(TENANT, 0, 2 * REQUESTS_KEPT)
    assert len(held) == REQUESTS_KEPT
    assert held[0] == f"line {REQUESTS_KEPT + 19}"
    assert await store.recent(TENANT, REQUESTS_KEPT, 10) == []
    assert await store.recent("rival", 0, 10) == []
