"""Facts about `/admin/*` over HTTP, by direct invocation, and from the command line."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from mangum import Mangum

from fakes.admin import AdminHarness
from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.api.aws.admin_function import admin_function
from llm_cache_proxy.api.operators.admin_app import create_admin_app
from llm_cache_proxy.api.operators.admin_paths import PATHS
from llm_cache_proxy.cli.admin.commands import admin
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.domain.metrics.counter_names import hit_counts, miss_counts
from servers.asgi import serving
from unit.pipeline.harness import Harness

KEY = "the-admin-key"
JSON = {"content-type": "application/json"}


@pytest.fixture
def office() -> AdminHarness:
    return AdminHarness()


@pytest.fixture
async def address(office: AdminHarness) -> AsyncIterator[str]:
    async with serving(create_admin_app(office.administration(), KEY)) as url:
        yield url


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=address, headers={"x-admin-key": KEY}, timeout=30
    ) as client:
        yield client


async def run(address: str, *arguments: str, key: str = KEY, **given: Any) -> Result:
    """The command line in a thread of its own, while the server answers in this one."""
    environment = {"ADMIN_KEY": key, "COLUMNS": "120"}
    return await asyncio.to_thread(
        CliRunner().invoke, admin, [*arguments, "--url", address], env=environment, **given
    )


async def test_clearing_all_says_how_many(office: AdminHarness, client: httpx.AsyncClient) -> None:
    await office.keep("a")
    await office.keep("b", tenant="other")

    response = await client.post("/admin/cache/clear", json={"all": True})

    assert response.status_code == 200
    assert response.json()["cleared"] == {"exact": 2, "semantic": 2, "aliases": 0}
    assert (await office.held(), await office.held("other")) == ((0, 0), (0, 0))


async def test_a_selector_in_the_body_clears_what_it_names(
    office: AdminHarness, client: httpx.AsyncClient
) -> None:
    await office.keep("a", tag="old")
    await office.keep("b")

    response = await client.post("/admin/cache/clear", json={"tag": "old"})

    assert response.json()["cleared"]["exact"] == 1
    assert await office.held() == (1, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b"",
        b'{"tag": null, "model": null}',
        b'{"all": null}',
        b'{"tag": 3}',
        b'{"tagg": "x"}',
        b'{"action": "stats"}',
    ],
)
async def test_a_body_that_makes_no_sense_is_refused_and_clears_nothing(
    office: AdminHarness, client: httpx.AsyncClient, body: bytes
) -> None:
    await office.keep("a")

    response = await client.post("/admin/cache/clear", content=body, headers=JSON)

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert await office.held() == (1, 1)


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for path, (method, _) in PATHS.items()]
)
async def test_every_path_wants_the_admin_key(
    office: AdminHarness, address: str, method: str, path: str
) -> None:
    await office.keep("a")

    async with httpx.AsyncClient(base_url=address, timeout=30) as stranger:
        response = await stranger.request(method, path)

    assert response.status_code == 401
    assert await office.held() == (1, 1)


async def test_without_a_key_in_force_every_client_may(office: AdminHarness) -> None:
    app = create_admin_app(office.administration(), None)

    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        response = await client.get("/admin/health")

    assert response.json()["status"] == "ok"


async def test_reading_actions_take_their_fields_from_the_query(
    office: AdminHarness, client: httpx.AsyncClient
) -> None:
    await office.keep("a", tenant="t")

    answer = (await client.get("/admin/entries/count", params={"tenant": "t"})).json()
    odd = await client.get("/admin/stats", params={"colour": "red"})

    assert answer["entries"] == {"exact": 1, "semantic": 1}
    assert odd.status_code == 400


async def test_an_unknown_path_is_a_404_in_openais_shape(client: httpx.AsyncClient) -> None:
    response = await client.post("/admin/destroy")

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "unknown_url"


async def test_a_fault_of_ours_is_a_500_that_names_itself_in_the_log(
    office: AdminHarness, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> dict[str, object]:
        raise RuntimeError("a secret")

    administration = replace(office.administration(), describe_settings=broken)
    app = create_admin_app(administration, None)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        response = await client.get("/admin/config")

    assert response.status_code == 500
    assert "a secret" not in response.text
    assert any(response.headers["x-request-id"] in record.getMessage() for record in caplog.records)


async def test_the_stores_are_closed_when_the_app_ends(office: AdminHarness) -> None:
    app = create_admin_app(office.administration(), None)

    async with app.router.lifespan_context(app):
        open_meanwhile = not office.closed

    assert open_meanwhile
    assert office.closed


async def test_explaining_over_http_reports_the_tier(office: AdminHarness) -> None:
    harness = Harness()
    await harness.ask("What is Rust?")
    office.explanation = Explanation(harness.pipeline)
    app = create_admin_app(office.administration(), None)

    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        asked = {"prompt": "What is Rust?", "model": "m"}
        answer = (await client.post("/admin/explain", json=asked)).json()
        table = await run(url, "explain", "What is Rust?", "--model", "m")

    assert answer["result"] == "HIT-EXACT"
    assert table.exit_code == 0
    assert "HIT-EXACT (identical)" in table.stdout


def invoke(office: AdminHarness, event: dict[str, Any]) -> dict[str, Any]:
    """The function's handler as Lambda calls it: from a thread with an event loop of its own."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        app = create_admin_app(office.administration(), KEY)
        return admin_function(office.administration(), Mangum(app, lifespan="off"))(event, None)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def test_a_direct_invocation_is_the_action_itself(office: AdminHarness) -> None:
    await office.keep("a")

    counted = await asyncio.to_thread(invoke, office, {"action": "count"})
    purged = await asyncio.to_thread(invoke, office, {"action": "purge"})

    assert counted["entries"] == {"exact": 1, "semantic": 1}
    assert purged == {"purged": {"semantic": 0}}


async def test_a_direct_invocation_that_is_refused_says_why(office: AdminHarness) -> None:
    answer = await asyncio.to_thread(invoke, office, {"action": "dance"})

    assert answer["error"]["code"] == "unknown_action"


async def test_a_direct_invocation_fails_where_a_store_is_unavailable(office: AdminHarness) -> None:
    office.exact.away = True

    with pytest.raises(ExactStoreUnavailable):
        await asyncio.to_thread(invoke, office, {"action": "stats"})


async def test_an_http_event_goes_through_the_app_and_its_key(office: AdminHarness) -> None:
    event = {
        "httpMethod": "GET",
        "path": "/admin/health",
        "resource": "/{proxy+}",
        "headers": {"x-admin-key": KEY},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"resourcePath": "/{proxy+}", "identity": {"sourceIp": "127.0.0.1"}},
        "body": None,
        "isBase64Encoded": False,
    }

    allowed = await asyncio.to_thread(invoke, office, event)
    refused = await asyncio.to_thread(invoke, office, {**event, "headers": {}})

    assert (allowed["statusCode"], json.loads(allowed["body"])["status"]) == (200, "ok")
    assert refused["statusCode"] == 401


async def test_stats_are_a_table_for_people_and_json_for_scripts(
    office: AdminHarness, address: str
) -> None:
    office.exact.lay(hit_counts("exact_hits", "gpt-4o-mini", 1_000_000, 0), ago=30)
    office.exact.lay(miss_counts("other", 10, 20), ago=30)

    table, script = await run(address, "stats"), await run(address, "stats", "--json")

    assert (table.exit_code, script.exit_code) == (0, 0)
    assert "hit rate" in table.stdout
    assert "50.0%" in table.stdout
    assert "price unknown" in table.stdout
    assert json.loads(script.stdout)["cost_analysis"]["dollars_saved"] == 0.15


async def test_clear_asks_first_and_stops_at_no(office: AdminHarness, address: str) -> None:
    await office.keep("a")

    refused = await run(address, "clear", "--all", input="n\n")
    left = await office.held()
    agreed = await run(address, "clear", "--all", input="y\n")

    assert (refused.exit_code, left) == (1, (1, 1))
    assert "EVERY entry" in refused.stderr
    assert agreed.exit_code == 0
    assert await office.held() == (0, 0)


async def test_clear_with_yes_asks_no_question_and_a_dry_run_clears_nothing(
    office: AdminHarness, address: str
) -> None:
    await office.keep("a", tag="old")
    await office.keep("b")

    dry = await run(address, "clear", "--all", "--dry-run", "--json")
    done = await run(address, "clear", "--tag", "old", "--yes", "--json")

    assert json.loads(dry.stdout)["would_clear"] == {"exact": 2, "semantic": 2}
    assert json.loads(done.stdout)["cleared"]["exact"] == 1
    assert await office.held() == (1, 1)


async def test_clear_without_a_selector_is_a_wrong_command_line(
    office: AdminHarness, address: str
) -> None:
    await office.keep("a")

    result = await run(address, "clear", "--yes")

    assert result.exit_code == 2
    assert "--all" in result.stderr
    assert await office.held() == (1, 1)


async def test_clearing_an_entry_that_is_not_there_exits_with_1(
    office: AdminHarness, address: str
) -> None:
    await office.keep("a")

    unknown = await run(address, "clear", "--entry", "nosuch", "--yes")
    known = await run(address, "clear", "--entry", "id-a", "--yes")

    assert (unknown.exit_code, known.exit_code) == (1, 0)
    assert "no entry 'nosuch'" in unknown.stderr


async def test_what_was_not_swept_is_reported_by_the_exit_code(
    office: AdminHarness, address: str
) -> None:
    office.vectors.away = True

    result = await run(address, "clear", "--all", "--yes")

    assert result.exit_code == 1
    assert "not swept away yet" in result.stderr


async def test_health_exits_with_1_where_a_part_is_unavailable(
    office: AdminHarness, address: str
) -> None:
    fine = await run(address, "health")
    office.vectors.away = True
    degraded = await run(address, "health")

    assert (fine.exit_code, degraded.exit_code) == (0, 1)
    assert "unavailable" in degraded.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["config"], "ADMIN_KEY"), (["count"], "semantic"), (["purge"], "Purged")],
)
async def test_every_other_answer_has_a_table_and_json(
    address: str, arguments: list[str], word: str
) -> None:
    table, script = await run(address, *arguments), await run(address, *arguments, "--json")

    assert word in table.stdout
    assert isinstance(json.loads(script.stdout), dict)


async def test_a_wrong_key_exits_with_4_and_says_where_to_put_it(address: str) -> None:
    result = await run(address, "stats", key="wrong")

    assert result.exit_code == 4
    assert "--admin-key" in result.stderr


async def test_no_server_exits_with_3_and_says_what_to_do() -> None:
    result = await run("http://127.0.0.1:1", "stats")

    assert result.exit_code == 3
    assert "make dev" in result.stderr


@pytest.mark.parametrize("url", ["127.0.0.1", "http://", "ftp://127.0.0.1"])
async def test_an_address_that_is_none_exits_with_3(url: str) -> None:
    result = await run(url, "stats")

    assert result.exit_code == 3


async def test_a_store_that_is_unavailable_exits_with_1(office: AdminHarness, address: str) -> None:
    office.exact.away = True

    result = await run(address, "stats")

    assert result.exit_code == 1
    assert "did not answer" in result.stderr


async def test_a_server_that_is_something_else_is_recognised() -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>"})

    async with serving(app) as url:
        result = await run(url, "stats")

    assert result.exit_code == 1
    assert "is it an LLM Cache Proxy?" in result.stderr
