"""Facts about the list of recent requests."""

import json
from typing import Any

import pytest

from fakes.admin import NOW, AdminHarness
from llm_cache_proxy.domain.errors import InvalidRequest
from samples.request_events import SAVED, USED, an_event


async def log(office: AdminHarness, tenant: str = "default", **changes: object) -> None:
    """Keep the line of one request."""
    line = an_event(tenant=tenant, **changes).line()
    prompt = changes.get("prompt")
    if prompt is not None:
        line["prompt"] = prompt
    await office.exact.record(tenant, {}, [json.dumps(line)])


async def listed(office: AdminHarness, **fields: object) -> dict[str, Any]:
    return await office.administration().perform({"action": "requests", **fields})


def ids(answer: dict[str, Any]) -> list[str]:
    return [line["request_id"] for line in answer["requests"]]


@pytest.fixture
async def office() -> AdminHarness:
    """Four requests of two tenants, the newest last."""
    office = AdminHarness()
    await log(office, request_id="a", time=NOW - 7_200, usage=USED, nano_dollars=40, key="k1")
    await log(office, request_id="b", time=NOW - 1_800, result="HIT-EXACT", usage=SAVED)
    await log(
        office,
        "acme",
        request_id="c",
        time=NOW - 60,
        result="HIT-SEMANTIC",
        reason="similar",
        usage=SAVED,
        nano_dollars=30,
        prompt="Where is Paris?",
    )
    await log(office, request_id="d", time=NOW - 5, reason="refresh", model="m")
    return office


async def test_requests_of_all_tenants_come_newest_first(office: AdminHarness) -> None:
    assert ids(await listed(office)) == ["d", "c", "b", "a"]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"tenant": "acme"}, "c"),
        ({"model": "m"}, "d"),
        ({"key": "k1"}, "a"),
        ({"result": "MISS"}, "da"),
        ({"search": "PARIS"}, "c"),
        ({"search": "simil"}, "c"),
        ({"last_seconds": 3_600}, "dcb"),
        ({"since": int(NOW) - 2_000, "until": int(NOW) - 60}, "b"),
        ({"result": "MISS", "last_seconds": 60}, "d"),
        ({"search": "nothing like it"}, ""),
    ],
)
async def test_filters_narrow_the_list_together(
    office: AdminHarness, fields: dict[str, object], found: str
) -> None:
    assert ids(await listed(office, **fields)) == list(found)


async def test_figures_are_of_every_request_that_was_chosen_whatever_the_page(
    office: AdminHarness,
) -> None:
    figures = (await listed(office, limit=1))["figures"]

    assert figures == {
        "requests": 4,
        "results": {"MISS": 2, "HIT-EXACT": 1, "HIT-SEMANTIC": 1},
        "not_read": 1,
        "hit_rate": round(2 / 3, 6),
        "tokens_saved": 308,
        "tokens_used": 154,
        "dollars_saved": 3e-08,
        "dollars_spent": 4e-08,
    }


async def test_where_nothing_could_have_been_hit_there_is_no_rate(office: AdminHarness) -> None:
    assert (await listed(office, model="m"))["figures"]["hit_rate"] is None


async def test_pages_follow_each_other_without_gap_or_repetition(office: AdminHarness) -> None:
    first = await listed(office, limit=2)
    await log(office, request_id="e", time=NOW)  # meanwhile
    second = await listed(office, limit=2, cursor=first["cursor"])

    assert (ids(first), ids(second)) == (["d", "c"], ["b", "a"])
    assert second["cursor"] is None


async def test_what_can_be_chosen_is_what_the_kept_requests_name(office: AdminHarness) -> None:
    answer = await listed(office, result="HIT-EXACT")

    assert (answer["models"], answer["keys"]) == (["gpt-4o-mini", "m"], ["k1"])
    assert answer["kept_since"] == NOW - 7_200


async def test_a_long_history_is_read_in_pieces() -> None:
    office = AdminHarness()
    for number in range(600):
        await log(office, request_id=f"r{number:03}", time=NOW - 600 + number)

    assert (await listed(office))["figures"]["requests"] == 600
    assert (await listed(office, last_seconds=100))["figures"]["requests"] == 100


async def test_a_line_that_is_read_twice_is_shown_once(office: AdminHarness) -> None:
    await log(office, request_id="d", time=NOW - 5, reason="refresh", model="m")

    assert ids(await listed(office)) == ["d", "c", "b", "a"]


async def test_without_requests_the_list_is_empty() -> None:
    answer = await listed(AdminHarness())

    assert (answer["requests"], answer["cursor"], answer["kept_since"]) == ([], None, None)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"result": "HIT"}, "result"),
        ({"cursor": "x/y"}, "cursor"),
        ({"last_seconds": 5, "since": 3}, "last_seconds"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_filter_that_makes_no_sense_is_refused(
    office: AdminHarness, fields: dict[str, object], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await listed(office, **fields)

    assert refused.value.param == param
