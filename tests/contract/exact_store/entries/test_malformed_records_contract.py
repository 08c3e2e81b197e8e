"""What every exact store does with a record that nobody can have meant: a miss, and it goes."""

import pytest

from llm_cache_proxy.ports.exact_store.store import Commit, Miss
from samples.stores.exact_entries import TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore, counts

REDIS = ["redis", "upstash"]


only_redis = pytest.mark.parametrize("opened_store", REDIS, indirect=True)


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
    assert await counts(opened_store.store, TENANT) == {}


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
