"""What every exact store does with a promotion: another request that one entry answers."""

import pytest

from llm_cache_proxy.domain.entries.entry import Form, joined_sse
from llm_cache_proxy.ports.exact_store.store import AliasFound, Commit, Hit, Miss
from samples.stores.exact_entries import FORMS, TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore, counts

REDIS = ["redis", "upstash"]


only_redis = pytest.mark.parametrize("opened_store", REDIS, indirect=True)


async def test_a_promotion_answers_and_leaves_an_alias(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))

    given = await opened_store.store.promote(
        TENANT, alias(), asking(text_digest="digest of other", form=Form.SSE)
    )
    found = await opened_store.store.lookup(asking("other"))

    assert isinstance(given, Hit)
    assert (given.body, given.text) == (joined_sse(FORMS.sse, ""), "What is key?")
    assert found == AliasFound(alias(), 0)
    counted = await counts(opened_store.store, TENANT)
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


async def test_aliases_are_no_entries(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())

    assert await opened_store.store.count_entries(TENANT) == 1
