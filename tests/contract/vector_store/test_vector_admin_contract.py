"""What operators rely on, the same for every kind of semantic store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.vector_store.qdrant.port import QdrantPort
from llm_cache_proxy.ports.vector_store import Scope
from samples.stores.vector_stores import KINDS, opened
from samples.stores.vectors import NOW, SCOPE, at_cosine, entry, key

RIVAL = Scope("rival", SCOPE.fingerprint, SCOPE.embedder_id)


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[QdrantPort]:
    async with opened(request.param, tmp_path / "vectors") as made:
        yield made


async def kept(store: QdrantPort, *names: str) -> list[str]:
    return [name for name in names if await store.fetch("acme", key(name)) is not None]


async def test_an_empty_store_counts_and_clears_nothing(store: QdrantPort) -> None:
    await store.check()

    assert await store.count_entries("acme") == 0
    assert await store.sweep("acme", "all", 10) == 0
    assert await store.purge(NOW) == 0


async def test_entries_are_removed_by_their_keys_and_those_of_other_tenants_stay(
    store: QdrantPort,
) -> None:
    for name in ("one", "two", "three"):
        await store.store(SCOPE, at_cosine(0.9), entry(name))
    await store.store(RIVAL, at_cosine(0.9), entry("one"))

    await store.remove("acme", [key("one"), key("two"), key("never stored")])

    assert await kept(store, "one", "two", "three") == ["three"]
    assert await store.fetch("rival", key("one")) is not None


async def test_a_sweep_takes_what_is_older_than_the_cutoff_and_leaves_the_rest(
    store: QdrantPort,
) -> None:
    for name, sequence in (("old", 4), ("older", 3), ("present", 5), ("new", 6)):
        await store.store(SCOPE, at_cosine(0.9), entry(name, sequence=sequence))

    swept = await store.sweep("acme", "all", 5)

    assert swept == 2
    assert await kept(store, "old", "older", "present", "new") == ["present", "new"]
    assert await store.sweep("acme", "all", 5) == 0


async def test_a_sweep_takes_one_selector_only(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("a", selectors=("all", "tag:x", "tag:y")))
    await store.store(SCOPE, at_cosine(0.9), entry("b", selectors=("all", "tag:y")))
    await store.store(SCOPE, at_cosine(0.9), entry("c", selectors=("all", "tag:xy")))

    swept = await store.sweep("acme", "tag:x", 100)

    assert swept == 1
    assert await kept(store, "a", "b", "c") == ["b", "c"]


async def test_a_sweep_never_touches_another_tenant(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("ours"))
    await store.store(RIVAL, at_cosine(0.9), entry("theirs"))

    assert await store.sweep("acme", "all", 100) == 1
    assert await store.count_entries("acme") == 0
    assert await store.count_entries("rival") == 1


async def test_a_swept_entry_is_no_candidate_and_may_be_stored_anew(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("rust"))
    await store.sweep("acme", "all", 100)

    assert await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5) == []

    await store.store(SCOPE, at_cosine(0.9), entry("rust", sequence=100))

    assert await kept(store, "rust") == ["rust"]


async def test_a_purge_takes_every_tenants_entries_whose_time_is_up(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("past", purge_at=NOW - 1))
    await store.store(SCOPE, at_cosine(0.9), entry("now", purge_at=NOW))
    await store.store(SCOPE, at_cosine(0.9), entry("stale", expires_at=NOW - 5, purge_at=NOW + 1))
    await store.store(RIVAL, at_cosine(0.9), entry("theirs", purge_at=NOW - 1))

    purged = await store.purge(NOW)

    assert purged == 3
    assert await kept(store, "past", "now", "stale") == ["stale"]
    assert await store.count_entries("rival") == 0


async def test_entries_are_counted_by_tenant(store: QdrantPort) -> None:
    for name in ("a", "b", "c"):
        await store.store(SCOPE, at_cosine(0.9), entry(name))
    await store.store(RIVAL, at_cosine(0.9), entry("a"))

    assert await store.count_entries("acme") == 3
    assert await store.count_entries("rival") == 1
    assert await store.count_entries("nobody") == 0


async def test_provisioning_again_changes_nothing(store: QdrantPort) -> None:
    await store.provision()
    await store.store(SCOPE, at_cosine(0.9), entry("rust"))

    await store.provision()

    assert await store.count_entries("acme") == 1


async def test_a_sweep_by_age_takes_what_was_created_before_and_leaves_the_rest(
    store: QdrantPort,
) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("old", created_at=NOW - 600))
    await store.store(SCOPE, at_cosine(0.9), entry("then", created_at=NOW - 300))
    await store.store(RIVAL, at_cosine(0.9), entry("theirs", created_at=NOW - 600))

    swept = await store.sweep_before("acme", NOW - 300)

    assert swept == 1
    assert await kept(store, "old", "then") == ["then"]
    assert await store.count_entries("rival") == 1


async def test_entries_are_counted_by_selector_and_by_age(store: QdrantPort) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("a", selectors=("all", "tag:x")))
    await store.store(SCOPE, at_cosine(0.9), entry("b", created_at=NOW - 600))
    await store.store(RIVAL, at_cosine(0.9), entry("c", selectors=("all", "tag:x")))

    assert await store.count_entries("acme", selector="tag:x") == 1
    assert await store.count_entries("acme", created_before=NOW - 300) == 1
    assert await store.count_entries("acme", selector="tag:x", created_before=NOW - 300) == 0


async def test_scope_and_vector_of_held_entries_can_be_read_back(store: QdrantPort) -> None:
    vector = at_cosine(0.9)
    await store.store(SCOPE, vector, entry("rust"))
    await store.store(RIVAL, vector, entry("theirs"))

    placed = await store.placed("acme", [key("rust"), key("theirs"), key("nothing")])

    assert list(placed) == [key("rust")]
    assert placed[key("rust")].scope == SCOPE
    assert placed[key("rust")].vector == pytest.approx(vector, abs=1e-6)


async def test_nothing_is_placed_in_a_store_that_is_empty(store: QdrantPort) -> None:
    assert await store.placed("acme", [key("rust")]) == {}
