"""Facts about `/metrics` and `/dashboard` over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fakes.admin import AdminHarness
from llm_cache_proxy.api.operators.metrics_app import create_metrics_app
from llm_cache_proxy.domain.metrics.counter_names import (
    EXACT_HITS,
    error_count,
    hit_counts,
    latency_counts,
    merged,
    miss_counts,
    trip_count,
    veto_count,
)
from servers.asgi import serving

KEY = "the-admin-key"
PROMETHEUS_ACCEPT = (
    "application/openmetrics-text;version=1.0.0;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.fixture
def office() -> AdminHarness:
    office = AdminHarness()
    office.exact.lay(
        merged(
            hit_counts(EXACT_HITS, "gpt-4o-mini", 100, 50),
            miss_counts("gpt-4o-mini", 1000, 500),
            miss_counts('odd"name\\', 1, 1),
            veto_count("numbers"),
            error_count("search"),
            latency_counts("HIT-EXACT", 0.4),
            latency_counts("MISS", 1_500),
            latency_counts("MISS", 45_000),
        ),
        ago=30,
    )
    return office


@pytest.fixture
async def open_client(office: AdminHarness) -> AsyncIterator[httpx.AsyncClient]:
    app = create_metrics_app(office.administration(), None)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
async def keyed_client(office: AdminHarness) -> AsyncIterator[httpx.AsyncClient]:
    app = create_metrics_app(office.administration(), KEY)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


async def test_metrics_are_json_with_the_names_that_clients_rely_on(
    open_client: httpx.AsyncClient,
) -> None:
    response = await open_client.get("/metrics")

    answer = response.json()
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in response.headers
    performance = answer["cache_performance"]
    names = ("exact_hits", "semantic_hits", "misses", "total_requests", "hit_rate")
    assert [performance[name] for name in names] == [1, 0, 2, 3, 0.333333]
    assert answer["token_usage"]["prompt_tokens_saved"] == 100
    assert answer["cost_analysis"]["dollars_spent"] == 0.00045
    assert answer["latency"]["miss"]["count"] == 2
    assert set(answer["windows"]) == {"last_hour", "last_day", "last_30_days", "total"}
    assert answer["tenants"]["default"]["total_requests"] == 3


async def test_one_tenants_metrics_can_be_requested(
    office: AdminHarness, open_client: httpx.AsyncClient
) -> None:
    office.exact.lay({"misses": 7}, ago=30, tenant="a")

    answer = (await open_client.get("/metrics", params={"tenant": "a"})).json()

    assert answer["cache_performance"]["misses"] == 7


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/plain;q=none", "application/json"),
        ("text/plain", "text/plain; version=0.0.4; charset=utf-8"),
        (PROMETHEUS_ACCEPT, "text/plain; version=0.0.4; charset=utf-8"),
    ],
)
async def test_the_form_is_the_one_that_the_client_prefers(
    open_client: httpx.AsyncClient, accept: str, kind: str
) -> None:
    response = await open_client.get("/metrics", headers={"accept": accept})

    assert response.headers["content-type"] == kind


async def test_the_exposition_is_what_prometheus_own_parser_reads(
    open_client: httpx.AsyncClient,
) -> None:
    text = (await open_client.get("/metrics?format=prometheus")).text

    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert {name: family.type for name, family in families.items()} == {
        "llm_cache_requests": "counter",
        "llm_cache_not_read": "counter",
        "llm_cache_failed_requests": "counter",
        "llm_cache_refused_requests": "counter",
        "llm_cache_vetoes": "counter",
        "llm_cache_errors": "counter",
        "llm_cache_breaker_trips": "counter",
        "llm_cache_breaker_open": "gauge",
        "llm_cache_tokens": "counter",
        "llm_cache_dollars": "counter",
        "llm_cache_embedding_calls": "counter",
        "llm_cache_embedding_tokens": "counter",
        "llm_cache_embedding_dollars": "counter",
        "llm_cache_embedding_unpriced_tokens": "counter",
        "llm_cache_verifier_rulings": "counter",
        "llm_cache_verifier_dollars": "counter",
        "llm_cache_shadow_samples": "counter",
        "llm_cache_shadow_wrong_share": "gauge",
        "llm_cache_thresholds_raised": "counter",
        "llm_cache_raised_threshold": "gauge",
        "llm_cache_barred_pairs": "gauge",
        "llm_cache_part_state": "gauge",
        "llm_cache_unproved_forms": "counter",
        "llm_cache_latency_seconds": "histogram",
    }
    requests = {
        sample.labels["result"]: sample.value for sample in families["llm_cache_requests"].samples
    }
    assert (requests["exact_hits"], requests["misses"], requests["stale"]) == (1, 2, 0)
    models = {sample.labels["model"] for sample in families["llm_cache_tokens"].samples}
    assert models == {"gpt-4o-mini", 'odd"name\\'}
    priced = {sample.labels["model"] for sample in families["llm_cache_dollars"].samples}
    assert priced == {"gpt-4o-mini"}


async def test_breakers_report_their_trips_everywhere_and_their_state_here(
    office: AdminHarness, open_client: httpx.AsyncClient
) -> None:
    office.exact.lay(merged(trip_count("search"), trip_count("search")), ago=30)
    office.breakers = {"exact": "closed", "search": "open"}

    answer = (await open_client.get("/metrics")).json()["breakers"]
    text = (await open_client.get("/metrics?format=prometheus")).text

    assert answer == {
        "exact": {"trips": 0, "state": "closed"},
        "search": {"trips": 2, "state": "open"},
    }
    samples = [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "breaker" in family.name
    ]
    assert samples == [
        ("llm_cache_breaker_trips_total", {"tier": "search"}, 2),
        ("llm_cache_breaker_open", {"tier": "exact"}, 0),
        ("llm_cache_breaker_open", {"tier": "search"}, 1),
    ]


async def test_the_latency_histogram_is_cumulative_and_in_seconds(
    open_client: httpx.AsyncClient,
) -> None:
    text = (await open_client.get("/metrics?format=prometheus")).text

    [family] = [
        family
        for family in text_string_to_metric_families(text)
        if family.name == "llm_cache_latency_seconds"
    ]
    misses = {
        (sample.name.removeprefix("llm_cache_latency_seconds"), sample.labels.get("le")): sample
        for sample in family.samples
        if sample.labels["tier"] == "miss"
    }
    assert misses["_bucket", "1.024"].value == 0
    assert misses["_bucket", "2.048"].value == 1
    assert misses["_bucket", "32.768"].value == 1
    assert misses["_bucket", "+Inf"].value == misses["_count", None].value == 2
    assert misses["_sum", None].value == 46.5


async def test_an_unknown_form_is_refused_in_openais_shape(
    open_client: httpx.AsyncClient,
) -> None:
    response = await open_client.get("/metrics?format=xml")

    assert response.status_code == 400
    assert response.json()["error"]["param"] == "format"


@pytest.mark.parametrize("path", ["/metrics", "/metrics?format=prometheus", "/dashboard/data"])
async def test_numbers_are_behind_the_admin_key(keyed_client: httpx.AsyncClient, path: str) -> None:
    without = await keyed_client.get(path)
    wrong = await keyed_client.get(path, headers={"x-admin-key": "another"})
    bearer = await keyed_client.get(path, headers={"authorization": f"Bearer {KEY}"})
    header = await keyed_client.get(path, headers={"x-admin-key": KEY})

    assert [r.status_code for r in (without, wrong, bearer, header)] == [401, 401, 200, 200]
    assert without.json()["error"]["code"] == "missing_admin_key"
    assert wrong.json()["error"]["code"] == "invalid_admin_key"
    assert wrong.headers["www-authenticate"].startswith("Bearer")
    assert without.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(
    "headers", [{"authorization": f"Basic {KEY}"}, {"x-admin-key": ""}, {"x-admin-key": "ä"}]
)
async def test_a_key_of_another_kind_is_refused(
    keyed_client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]

    response = await keyed_client.get("/metrics", headers=encoded)

    assert response.status_code == 401


async def test_a_store_that_is_unavailable_is_a_503_in_openais_shape(
    office: AdminHarness, open_client: httpx.AsyncClient
) -> None:
    office.exact.away = True

    response = await open_client.get("/metrics")

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "exact_unavailable"


async def test_the_page_loads_without_a_key_under_a_strict_policy(
    keyed_client: httpx.AsyncClient,
) -> None:
    page = await keyed_client.get("/dashboard")

    policy = page.headers["content-security-policy"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.mark.parametrize(
    "name",
    [
        "absent.js",
        "scripts/absent.js",
        "__init__.py",
        "..%2Fapp.py",
        "scripts/..%2F__init__.py",
        "data/x",
    ],
)
async def test_no_other_file_can_be_had(open_client: httpx.AsyncClient, name: str) -> None:
    response = await open_client.get(f"/dashboard/{name}")

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "unknown_url"


async def test_the_wrong_method_is_a_405(open_client: httpx.AsyncClient) -> None:
    response = await open_client.post("/metrics")

    assert response.status_code == 405
    assert "GET" in response.headers["allow"]


async def test_the_dashboards_data_has_series_health_and_entries(
    open_client: httpx.AsyncClient,
) -> None:
    answer = (await open_client.get("/dashboard/data?range=day")).json()

    assert answer["range"] == "day"
    assert len(answer["series"]) == 24
    assert answer["health"]["status"] == "ok"
    assert answer["entries"] == {"exact": 0, "semantic": 0}


async def test_a_range_that_there_is_not_is_refused(open_client: httpx.AsyncClient) -> None:
    response = await open_client.get("/dashboard/data?range=year")

    assert response.json()["error"]["param"] == "range"
