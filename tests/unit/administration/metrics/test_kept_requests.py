"""Facts about the dashboard's figures of one model or one key."""

import json
from typing import Any

import pytest

from fakes.admin import NOW, AdminHarness
from samples.request_events import SAVED, USED, an_event


async def log(office: AdminHarness, tenant: str = "default", **changes: object) -> None:
    """Keep the line of one request, and count it as one of the hour."""
    event = an_event(tenant=tenant, **changes)
    await office.exact.record(tenant, {}, [json.dumps(event.line())])
    office.exact.lay({"misses": 1}, ago=int(NOW - event.time), seconds=300, tenant=tenant)


async def drawn(office: AdminHarness, **only: str) -> dict[str, Any]:
    return await office.administration().dashboard("hour", **only)  # type: ignore[arg-type] # a test's words


def requests(answer: dict[str, Any]) -> int:
    return int(answer["window"]["cache_performance"]["total_requests"])


@pytest.fixture
async def office() -> AdminHarness:
    """Four requests of this hour, and one from before it."""
    office = AdminHarness()
    await log(office, request_id="old", time=NOW - 9_000, key="k1")
    await log(office, request_id="a", time=NOW - 900, usage=USED, key="k1", similarity=0.41)
    await log(office, request_id="b", time=NOW - 60, result="HIT-EXACT", usage=SAVED, key="k1")
    await log(office, request_id="c", time=NOW - 50, model="GPT-4o-mini-2024-07-18", key="k2")
    await log(office, "acme", request_id="d", time=NOW - 40, model="Own/Model", key="k3")
    return office


async def test_without_model_or_key_the_figures_are_counters(office: AdminHarness) -> None:
    answer = await drawn(office)

    assert (answer["kept"], answer["counted"], requests(answer)) == (None, 4, 4)


@pytest.mark.parametrize(
    ("only", "found"),
    [
        ({"key": "k1"}, "ba"),
        ({"model": "gpt-4o-mini"}, "cba"),
        ({"model": "GPT-4o-mini-2024-07-18"}, "c"),
        ({"model": "own/model"}, "d"),
        ({"model": "gpt-4o-mini", "key": "k2"}, "c"),
        ({"model": "gpt-4o-mini", "tenant": "acme"}, ""),
        ({"key": "nobody's"}, ""),
    ],
)
async def test_a_model_and_a_key_narrow_the_figures_together(
    office: AdminHarness, only: dict[str, str], found: str
) -> None:
    answer = await drawn(office, **only)

    assert [line["request_id"] for line in answer["recent"]] == list(found)
    assert requests(answer) == len(found)


async def test_the_figures_have_everything_that_counters_have(office: AdminHarness) -> None:
    answer = await drawn(office, key="k1")

    window = answer["window"]
    assert window["cache_performance"]["hit_rate"] == 0.5
    assert window["token_usage"]["total_tokens_saved"] == 154
    assert window["cost_analysis"]["by_model"]["gpt-4o-mini"]["upstream_answers"] == 1
    assert window["latency"]["miss"]["count"] == 1
    assert [band["not_served"] for band in answer["similarities"]] == [1]
    assert sum(piece["misses"] for piece in answer["series"]) == 1


async def test_the_report_says_how_much_of_the_time_is_kept(office: AdminHarness) -> None:
    office.exact.lay({"misses": 100}, ago=600, seconds=300)

    answer = await drawn(office, key="k1")

    assert (answer["kept"], answer["counted"]) == (4, 104)
