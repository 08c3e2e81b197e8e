"""Facts about the pages of an export."""

from dataclasses import replace

import pytest

from fakes.admin import AdminHarness, FadingExact, entry
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.errors import InvalidRequest, VectorStoreUnavailable
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.exact_store.store import Commit


async def pages(office: AdminHarness, **fields: object) -> list[list[str]]:
    """The keys on each page, as a client reads them."""
    found: list[list[str]] = []
    cursor: object = None
    while True:
        answer = await office.administration().perform(
            {"action": "export", "cursor": cursor, **fields}
        )
        records = answer["records"]
        assert isinstance(records, list)
        found.append([record["entry"]["key"] for record in records])
        cursor = answer["cursor"]
        if cursor is None:
            return found


async def test_large_entries_come_on_several_pages_and_none_is_left_out() -> None:
    office = AdminHarness()
    for number in range(9):
        whole = Forms(json="ä" * 250_000, sse="", usage_event="")
        kept = replace(entry(f"e{number}"), forms=whole)
        await office.exact.commit(Commit(f"tenant-{number % 2}", kept))

    found = await pages(office)

    assert max(len(page) for page in found) == 3
    assert sorted(key for page in found for key in page) == [f"e{number}" for number in range(9)]


async def test_one_entry_that_is_larger_than_a_page_comes_alone() -> None:
    office = AdminHarness()
    huge = Forms(json="x" * 5_000_000, sse="", usage_event="")
    await office.exact.commit(Commit("default", replace(entry("huge"), forms=huge)))
    await office.keep("small")

    assert sorted(map(len, await pages(office))) == [1, 1]


async def test_many_entries_of_many_tenants_come_once_each() -> None:
    office = AdminHarness()
    for number in range(230):
        await office.keep(f"e{number}", tenant=f"tenant-{number % 7}")

    found = [key for page in await pages(office) for key in page]

    assert len(found) == len(set(found)) == 230


@pytest.mark.parametrize(
    ("chosen", "keys"),
    [({"tag": "t"}, {"a"}), ({"tenant": "other"}, {"b"}), ({"namespace": "nowhere"}, set())],
)
async def test_what_was_selected_is_exported(chosen: dict[str, object], keys: set[str]) -> None:
    office = AdminHarness()
    await office.keep("a", tag="t")
    await office.keep("b", tenant="other")

    assert {key for page in await pages(office, **chosen) for key in page} == keys


async def test_a_cleared_entry_that_was_not_swept_is_not_exported() -> None:
    office = AdminHarness()
    await office.keep("a", tag="t")
    office.exact.failing.add("sweep")

    await office.administration().perform({"action": "clear", "tag": "t"})

    assert await pages(office) == [[]]


async def test_an_entry_that_expired_while_it_was_looked_for_is_not_exported() -> None:
    office = AdminHarness(exact=FadingExact())
    await office.keep("a")

    assert await pages(office) == [[]]


async def test_a_semantic_tier_that_is_unavailable_stops_the_export_instead_of_losing_vectors() -> (
    None
):
    office = AdminHarness()
    await office.keep("a")
    office.vectors.away = True

    with pytest.raises(VectorStoreUnavailable):
        await pages(office)


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "import"},
        {"action": "import", "records": []},
        {"action": "export", "cursor": "no cursor"},
        {"action": "entries", "limit": 0},
        {"action": "entry"},
    ],
)
async def test_what_makes_no_sense_is_refused(fields: JsonObject) -> None:
    with pytest.raises(InvalidRequest):
        await AdminHarness().administration().perform(fields)
