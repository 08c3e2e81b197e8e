"""Facts about the search for entries."""

from typing import Any

import pytest

from fakes.admin import NOW, AdminHarness
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.entry_search import EntrySearch


@pytest.fixture
async def office() -> AdminHarness:
    """Three entries of two tenants; an entry's key is its prompt."""
    office = AdminHarness()
    await office.keep("Where is Paris?", created_at=int(NOW) - 90, tag="geo", model="m")
    await office.keep("Who wrote Faust?", created_at=int(NOW) - 60, tag="books", model="n")
    await office.keep("Is Paris big?", created_at=int(NOW) - 30, tenant="acme", model="m")
    return office


async def found(office: AdminHarness, **fields: object) -> dict[str, Any]:
    return await office.administration().perform({"action": "search_entries", **fields})


def beginnings(answer: dict[str, Any]) -> list[str]:
    return [entry["beginning"] for entry in answer["entries"]]


async def test_entries_of_all_tenants_come_newest_first_with_their_beginnings(
    office: AdminHarness,
) -> None:
    answer = await found(office)

    assert beginnings(answer) == ["Is Paris big?", "Who wrote Faust?", "Where is Paris?"]
    assert (answer["matched"], answer["whole"]) == (3, True)
    assert answer["entries"][0]["tenant"] == "acme"


@pytest.mark.parametrize(
    ("fields", "matched"),
    [
        ({"search": "paris"}, 2),
        ({"search": "paris", "tag": "geo"}, 1),
        ({"model": "m", "tenant": "acme"}, 1),
        ({"older_than_seconds": 45}, 2),
        ({"younger_than_seconds": 45}, 1),
        ({"older_than_seconds": 45, "younger_than_seconds": 75}, 1),
        ({"namespace": "elsewhere"}, 0),
    ],
)
async def test_every_field_narrows_the_search(
    office: AdminHarness, fields: dict[str, object], matched: int
) -> None:
    assert (await found(office, **fields))["matched"] == matched


async def test_a_page_is_a_piece_of_what_was_found(office: AdminHarness) -> None:
    answer = await found(office, limit=1, skip=1)

    assert beginnings(answer) == ["Who wrote Faust?"]
    assert answer["matched"] == 3


async def test_a_search_that_ended_before_the_end_says_so(office: AdminHarness) -> None:
    answer = await EntrySearch(office.exact, office, most=1).find(Fields({}))

    assert answer["whole"] is False
