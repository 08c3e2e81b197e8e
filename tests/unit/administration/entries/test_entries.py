"""Facts about the list of entries and about one of them."""

import base64
import json

import pytest

from fakes.admin import NOW, AdminHarness, FadingExact
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound


@pytest.fixture
def office() -> AdminHarness:
    return AdminHarness()


async def listed(office: AdminHarness, **fields: object) -> list[list[str]]:
    """The ids on each page, as an operator turns them."""
    found: list[list[str]] = []
    cursor: object = None
    while not found or cursor is not None:
        answer = await office.administration().perform(
            {"action": "entries", "cursor": cursor, **fields}
        )
        entries, cursor = answer["entries"], answer["cursor"]
        assert isinstance(entries, list)
        found.append([entry["entry"] for entry in entries])
    return found


async def test_pages_go_on_from_tenant_to_tenant_and_report_each_entry_once(
    office: AdminHarness,
) -> None:
    for number in range(5):
        await office.keep(f"e{number}", tenant="ab"[number % 2])

    pages = await listed(office, limit=2)

    assert all(len(page) <= 2 for page in pages)
    assert sorted(name for page in pages for name in page) == [f"id-e{n}" for n in range(5)]


async def test_how_many_are_on_a_page_may_come_as_digits_from_a_query(office: AdminHarness) -> None:
    for number in range(3):
        await office.keep(f"e{number}")

    assert [len(page) for page in await listed(office, limit="2")] == [2, 1]


async def test_a_listed_entry_reports_its_place_and_no_text(office: AdminHarness) -> None:
    await office.keep("a", namespace="docs", model="gpt-4o", tag="t")

    answer = await office.administration().perform({"action": "entries"})

    assert answer["entries"] == [
        {
            "entry": "id-a",
            "tenant": "default",
            "namespace": "docs",
            "model": "gpt-4o",
            "tags": ["t"],
            "created_at": int(NOW),
            "expires_at": int(NOW) + 3600,
            "prompt_tokens": 10,
            "completion_tokens": 5,
        }
    ]


async def test_many_that_were_not_chosen_end_a_page_before_the_chosen_one_comes(
    office: AdminHarness,
) -> None:
    for number in range(60):
        await office.keep(f"e{number:02}")
    await office.keep("z", tag="t")

    pages = await listed(office, tag="t", limit=1)

    assert pages == [[], ["id-z"]]


@pytest.mark.parametrize(
    "place", [["t"], [1, None, []], ["t", 2, []], ["t", None, "keys"], ["t", None, [1]]]
)
async def test_a_cursor_that_was_not_given_is_refused(office: AdminHarness, place: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode()

    with pytest.raises(InvalidRequest) as refused:
        await office.administration().perform({"action": "entries", "cursor": cursor})

    assert refused.value.param == "cursor"


async def test_one_entry_is_shown_with_its_texts_only_where_they_are_requested(
    office: AdminHarness,
) -> None:
    await office.keep("other")
    await office.keep("a", tenant="t")
    asked: dict[str, object] = {"action": "entry", "entry": "id-a"}

    result = await office.administration().perform(asked)
    whole = await office.administration().perform({**asked, "texts": "true"})

    assert (result["tenant"], result["key"], result["bytes"]) == ("t", "a", 2)
    assert {"prompt", "answer"}.isdisjoint(result)
    assert (whole["prompt"], whole["answer"]) == ("a", "{}")


async def test_an_entry_of_another_tenant_is_not_found(office: AdminHarness) -> None:
    await office.keep("a", tenant="t")

    with pytest.raises(NotFound):
        await office.administration().perform(
            {"action": "entry", "entry": "id-a", "tenant": "default"}
        )


async def test_an_entry_that_expired_while_it_was_looked_for_is_not_found() -> None:
    fading = AdminHarness(exact=FadingExact())
    await fading.keep("a")

    with pytest.raises(NotFound):
        await fading.administration().perform({"action": "entry", "entry": "id-a"})


async def test_a_dry_run_counts_what_a_clear_would_take_of_every_tenant(
    office: AdminHarness,
) -> None:
    await office.keep("a", tag="t")
    await office.keep("b", tenant="other", tag="t")
    await office.keep("c")
    clear: dict[str, object] = {"action": "clear", "dry_run": True}

    some = await office.administration().perform({**clear, "tag": "t"})
    every = await office.administration().perform({**clear, "all": True})

    assert some["would_clear"] == {"exact": 2, "semantic": 2}
    assert every["would_clear"] == {"exact": 3, "semantic": 3}
    assert await office.exact.count_entries("default") == 2
