"""What every exact store does with one entry: found, not found, of which form and age."""

import time

import pytest

from llm_cache_proxy.domain.entries.entry import Form, Forms, joined_sse
from llm_cache_proxy.ports.exact_store.store import Commit, Hit, Miss
from samples.stores.exact_entries import FORMS, TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore, counts


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
    assert await counts(opened_store.store, TENANT) == {}


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


async def test_writing_again_replaces_every_field(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.commit(Commit(TENANT, entry(entry_id="second", text="new")))

    found = await opened_store.store.lookup(asking(text_digest="another"))

    assert isinstance(found, Hit)
    assert (found.entry_id, found.text) == ("second", "new")
