"""Facts about what counts as trouble."""

import pytest

from fakes.admin import AdminHarness
from llm_cache_proxy.administration.alerts.troubles import (
    DiskTrouble,
    PartTroubles,
    RequestTroubles,
    WrongShareTrouble,
)
from llm_cache_proxy.administration.metrics.counters import Counters
from llm_cache_proxy.administration.metrics.store_health import StoreHealth
from llm_cache_proxy.domain.metrics.counter_names import merged, sample_counts
from samples.request_events import an_event

FAILED = {"result": "ERROR", "status": 503}


def parts(office: AdminHarness, **breakers: str) -> PartTroubles:
    return PartTroubles(StoreHealth(office.exact, office.vectors, office).health, lambda: breakers)


async def test_parts_that_work_are_no_trouble() -> None:
    assert await parts(AdminHarness(), embed="closed", exact="open")() == {}


async def test_a_store_that_does_not_answer_and_an_embedder_that_is_left_alone_are() -> None:
    office = AdminHarness()
    office.vectors.away = True

    found = await parts(office, embed="open", search="open")()

    assert found.keys() == {"part semantic", "breaker embed"}
    assert found["part semantic"].startswith("semantic unavailable: ")


async def test_a_disk_without_room_is_trouble() -> None:
    assert await DiskTrouble(lambda: None)() == {}
    assert "10 MB" in (await DiskTrouble(lambda: "10 MB are free")())["disk"]


async def test_the_upstream_is_in_trouble_from_its_third_failure_in_a_row_until_an_answer() -> None:
    watch = RequestTroubles(AdminHarness())
    found = []
    for kind in ("upstream", "upstream_503", "upstream_stream"):
        watch.write(an_event(**FAILED, failures={kind: 1}))
        found.append(await watch())
        watch.write(an_event(result="HIT-EXACT"))  # which says nothing of the upstream

    watch.write(an_event(result="MISS"))
    watch.close()

    assert found == [{}, {}, {"upstream": "the upstream has failed 3 times in a row"}]
    assert await watch() == {}


async def test_what_a_client_did_wrong_is_no_trouble_of_the_upstream() -> None:
    watch = RequestTroubles(AdminHarness())
    for kind in ("upstream_400", "upstream_429", "client_left", "search"):
        for _ in range(3):
            watch.write(an_event(**FAILED, failures={kind: 1}))

    assert await watch() == {}


async def test_a_tenant_that_has_used_up_its_budget_is_named_for_a_while() -> None:
    office = AdminHarness()
    watch = RequestTroubles(office)
    refused = {"result": "REFUSED", "status": 429, "reason": "refused:insufficient_quota"}
    watch.write(an_event(**refused, tenant="acme"))
    watch.write(an_event(**refused, tenant=None))

    assert await watch() == {"budget acme": "tenant 'acme' has used up a key's budget"}
    office.exact.time += 901
    assert await watch() == {}


async def test_of_a_hundred_tenants_the_last_are_named() -> None:
    watch = RequestTroubles(AdminHarness())
    refused = {"result": "REFUSED", "status": 429, "reason": "refused:insufficient_quota"}
    for number in range(101):
        watch.write(an_event(**refused, tenant=f"t{number}"))

    found = await watch()

    assert len(found) == 100
    assert "budget t0" not in found


@pytest.mark.parametrize(
    ("wrong", "right", "is_trouble"), [(0, 0, False), (1, 60, False), (30, 30, True)]
)
async def test_a_share_of_wrong_hits_is_trouble_once_samples_prove_it(
    wrong: int, right: int, is_trouble: bool
) -> None:
    office = AdminHarness()
    samples = [sample_counts(wrong=n < wrong) for n in range(wrong + right)]
    office.exact.lay(merged(*samples), ago=600)

    found = await WrongShareTrouble(Counters(office.exact), office, 0.05)()

    assert bool(found) is is_trouble
    assert not found or "30 of 60" in found["wrong share"]


async def test_a_store_that_is_away_leaves_what_was_last_known_of_wrong_hits() -> None:
    office = AdminHarness()
    office.exact.lay(merged(*[sample_counts(wrong=True)] * 30), ago=600)
    watch = WrongShareTrouble(Counters(office.exact), office, 0.05)
    before = await watch()
    office.exact.away = True

    assert before
    assert await watch() == before
