"""Facts about raised thresholds and barred pairs as operators see and undo them."""

from typing import Any

import pytest

from fakes.admin import AdminHarness
from llm_cache_proxy.domain.errors import InvalidRequest


@pytest.fixture
async def office() -> AdminHarness:
    office = AdminHarness()
    for tenant in ("calm", "strict"):
        await office.exact.record(tenant, {"semantic_hits": 1})
    await office.exact.set_threshold("strict", 0.94, before=0.0)
    await office.exact.bar("strict", "a-pair")
    return office


async def test_each_tenants_standing_is_reported_beside_its_totals(office: AdminHarness) -> None:
    answer: Any = await office.administration().metrics()

    strict, calm = answer["tenants"]["strict"], answer["tenants"]["calm"]
    assert (strict["raised_threshold"], strict["barred_pairs"]) == (0.94, 1)
    assert (calm["raised_threshold"], calm["barred_pairs"]) == (None, 0)


async def test_over_all_tenants_the_highest_threshold_and_every_pair_count(
    office: AdminHarness,
) -> None:
    await office.exact.bar("calm", "another")

    trust = await office.administration().trust()
    of_one = await office.administration().trust("calm")

    assert (trust.raised_threshold, trust.barred_pairs) == (0.94, 2)
    assert (of_one.raised_threshold, of_one.barred_pairs) == (0.0, 1)


async def test_an_operator_takes_a_raised_threshold_back(office: AdminHarness) -> None:
    action = {"action": "restore_threshold", "tenant": "strict"}

    answer = await office.administration().perform(action)
    again = await office.administration().perform(action)

    assert answer == {"tenant": "strict", "before": 0.94, "restored": True}
    assert again == {"tenant": "strict", "before": None, "restored": False}
    assert (await office.exact.standing("strict")).barred == 1


async def test_feedback_by_an_operator_names_the_tenant(office: AdminHarness) -> None:
    await office.keep("a" * 64, tenant="strict")
    handle = "0" * 24
    bad = {"action": "feedback", "entry": f"{handle}-{'1' * 32}", "verdict": "bad"}

    answer = await office.administration().perform({**bad, "tenant": "strict"})

    assert answer["pair_barred"] is True
    assert (await office.exact.standing("strict")).barred == 2
    with pytest.raises(InvalidRequest):
        await office.administration().perform({**bad, "tenant": 3})
