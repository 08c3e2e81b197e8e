"""Facts about the administrator's actions."""

import asyncio

import pytest

from fakes.admin import AdminHarness
from fakes.vectors import FakeVectors
from llm_cache_proxy.adapters.null import NullVectorStore
from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.metrics.store_health import StoreHealth
from llm_cache_proxy.domain.errors import ExactStoreUnavailable, InvalidRequest
from llm_cache_proxy.domain.metrics.counter_names import hit_counts, miss_counts
from unit.pipeline.harness import Harness


@pytest.fixture
def office() -> AdminHarness:
    return AdminHarness()


@pytest.mark.parametrize(
    ("action", "named"),
    [
        ({}, "action"),
        ({"action": 3}, "action"),
        ({"action": "dance"}, "action"),
        ({"action": "stats", "tenent": "a"}, "tenent"),
        ({"action": "health", "all": True}, "all"),
        ({"action": "clear", "tag": ""}, "tag"),
        ({"action": "clear", "dry_run": "yes"}, "dry_run"),
        ({"action": "clear", "all": False}, "all"),
        ({"action": "clear", "older_than": 60}, "older_than"),
        ({"action": "explain", "prompt": "p"}, None),
    ],
)
async def test_what_an_action_does_not_know_is_refused(
    office: AdminHarness, action: dict[str, object], named: str | None
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await office.administration().perform(action)

    assert refused.value.param == named


async def test_stats_report_entries_and_numbers_by_window(office: AdminHarness) -> None:
    await office.keep("a")
    office.exact.lay(miss_counts("gpt-4o-mini", 10, 20), ago=30)
    office.exact.lay(hit_counts("exact_hits", "gpt-4o-mini", 10, 20), ago=7_200, seconds=3_600)
    office.exact.lay({"misses": 5}, ago=0, seconds=0)

    answer = await office.administration().perform({"action": "stats"})

    windows = answer["windows"]
    assert isinstance(windows, dict)
    totals = {
        name: window["cache_performance"]["total_requests"] for name, window in windows.items()
    }
    assert totals == {"last_hour": 1, "last_day": 2, "last_30_days": 2, "total": 7}
    assert answer["entries"] == {"exact": 1, "semantic": 1}


async def test_the_tally_is_of_one_tenant_or_of_all(office: AdminHarness) -> None:
    office.exact.lay({"misses": 1}, ago=30, tenant="a")
    office.exact.lay({"misses": 10}, ago=30, tenant="b")
    administration = office.administration()

    assert (await administration.tally("a")).results["misses"] == 1
    assert (await administration.tally()).results["misses"] == 11


async def test_stats_of_one_tenant_leave_the_others_out(office: AdminHarness) -> None:
    office.exact.lay({"misses": 1}, ago=30, tenant="a")
    office.exact.lay({"misses": 10}, ago=30, tenant="b")

    answer = await office.administration().perform({"action": "stats", "tenant": "a"})

    tenants, performance = answer["tenants"], answer["cache_performance"]
    assert isinstance(tenants, dict)
    assert isinstance(performance, dict)
    assert list(tenants) == ["a"]
    assert performance["misses"] == 1


async def test_the_busiest_tenants_are_reported_and_the_rest_counted(office: AdminHarness) -> None:
    for number in range(103):
        office.exact.lay({"misses": number + 1}, ago=30, tenant=f"t{number}")

    answer = await office.administration().metrics()

    tenants = answer["tenants"]
    assert isinstance(tenants, dict)
    assert (len(tenants), next(iter(tenants)), answer["tenants_not_shown"]) == (100, "t102", 3)


async def test_a_semantic_tier_that_was_never_configured_is_no_fault(office: AdminHarness) -> None:
    answer = await StoreHealth(office.exact, NullVectorStore(), office).health()

    assert answer["status"] == "ok"
    assert answer["parts"]["semantic"]["status"] == "off"  # type: ignore[index] # JSON


async def test_health_is_degraded_when_a_store_does_not_answer(office: AdminHarness) -> None:
    fine = await office.administration().perform({"action": "health"})
    office.vectors.away = True
    away = await office.administration().perform({"action": "health"})

    assert fine["status"] == "ok"
    assert away["status"] == "degraded"
    assert away["parts"] == {
        "exact": {"status": "ok", "milliseconds": 0.0},
        "semantic": {"status": "unavailable", "message": "the fake vector store is away"},
    }


class SilentVectors(FakeVectors):
    """Never answers."""

    async def check(self) -> str | None:
        await asyncio.Event().wait()
        return None


async def test_a_store_that_never_answers_is_unavailable_after_a_while(
    office: AdminHarness,
) -> None:
    health = StoreHealth(office.exact, SilentVectors(), office, longest_seconds=0.01)

    result = await health.health()

    assert result["parts"] == {
        "exact": {"status": "ok", "milliseconds": 0.0},
        "semantic": {"status": "unavailable", "message": "no answer within 0.01 s"},
    }


async def test_entries_of_a_store_that_is_unavailable_are_unknown(office: AdminHarness) -> None:
    await office.keep("a", tenant="t")
    office.vectors.away = True

    answer = await office.administration().perform({"action": "count"})

    assert answer["entries"] == {"exact": 1, "semantic": None}
    assert answer["tenants"] == {
        "default": {"exact": 0, "semantic": None},
        "t": {"exact": 1, "semantic": None},
    }


async def test_purging_takes_what_expired_from_the_semantic_tier(office: AdminHarness) -> None:
    await office.keep("a")

    early = await office.administration().perform({"action": "purge"})
    office.exact.time += 3_600
    late = await office.administration().perform({"action": "purge"})

    assert early == {"purged": {"semantic": 0}}
    assert late == {"purged": {"semantic": 1}}


async def test_config_shows_what_the_root_describes(office: AdminHarness) -> None:
    answer = await office.administration().perform({"action": "config"})

    assert answer == {"settings": {"admin_key": "**********", "port": 3000}}


async def test_counters_of_a_store_that_is_unavailable_are_an_error(office: AdminHarness) -> None:
    office.exact.away = True

    with pytest.raises(ExactStoreUnavailable):
        await office.administration().perform({"action": "stats"})


async def test_the_dashboard_shows_no_range_that_there_is_not(office: AdminHarness) -> None:
    with pytest.raises(InvalidRequest):
        await office.administration().dashboard("year")


@pytest.mark.parametrize(
    ("shown", "steps"), [("hour", 12), ("day", 24), ("week", 7), ("month", 30)]
)
async def test_the_dashboard_has_a_step_for_every_piece_of_its_range(
    office: AdminHarness, shown: str, steps: int
) -> None:
    office.exact.lay({"misses": 1, "exact_hits": 3}, ago=100, seconds=300)

    answer = await office.administration().dashboard(shown)

    series = answer["series"]
    assert isinstance(series, list)
    assert len(series) == steps
    assert sum(piece["exact_hits"] for piece in series) == 3


async def test_the_dashboard_shows_a_time_of_ones_own_of_one_tenant(office: AdminHarness) -> None:
    office.exact.lay({"misses": 1}, ago=100, seconds=300)
    office.exact.lay({"misses": 5}, ago=100, seconds=300, tenant="acme")
    office.exact.lay({"misses": 9}, ago=9_000, seconds=300, tenant="acme")

    now = int(office.now())
    answer = await office.administration().dashboard("custom", "acme", now - 600, now)

    performance = answer["window"]["cache_performance"]  # type: ignore[index]
    assert performance["misses"] == 5
    assert answer["tenant_names"] == ["acme", "default"]


async def test_the_dashboard_names_the_threshold_in_force_where_there_is_one() -> None:
    harness = Harness()
    office = AdminHarness(explanation=Explanation(harness.pipeline))

    with_pipeline = await office.administration().dashboard("hour")
    without = await AdminHarness().administration().dashboard("hour")

    assert with_pipeline["threshold"] == harness.pipeline.policy.threshold
    assert (without["threshold"], without["learns"]) == (None, False)


async def test_a_process_without_a_pipeline_explains_nothing(office: AdminHarness) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await office.administration().perform({"action": "explain", "prompt": "p", "model": "m"})

    assert refused.value.code == "explain_not_available"


async def test_a_process_with_a_pipeline_explains() -> None:
    harness = Harness()
    office = AdminHarness(explanation=Explanation(harness.pipeline))

    answer = await office.administration().perform(
        {"action": "explain", "prompt": "p", "model": "m"}
    )

    assert answer["result"] == "MISS"
