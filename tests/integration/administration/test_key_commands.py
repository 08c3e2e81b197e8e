"""Facts about the commands that change keys, take them along, and watch."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fakes.admin import NOW, AdminHarness
from llm_cache_proxy.api.operators.admin_app import create_admin_app
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.metrics.counter_names import latency_counts
from samples.command_line import run
from samples.request_events import an_event
from servers.asgi import serving


@pytest.fixture
async def address() -> AsyncIterator[str]:
    harness = AdminHarness(key_ring=KeyRing(b"s" * 32))
    harness.exact.lay(latency_counts("HIT-EXACT", 3.0), ago=60)
    requests = (
        an_event(request_id="req_1", time=NOW - 60, result="HIT-SEMANTIC", similarity=0.9731),
        an_event(request_id="req_2", time=NOW - 5, model="a\x1b[2J\n" + "long" * 40, status=503),
    )
    await harness.exact.record("default", {}, [json.dumps(one.line()) for one in requests])
    async with serving(create_admin_app(harness.administration(), None)) as url:
        yield url


async def made(address: str) -> Any:
    done = await run(
        "keys", "create", "acme", "--name", "ci", "--requests-per-minute", "60",
        "--tokens-per-day", "1000", "--json", "--url", address,
    )  # fmt: skip
    return json.loads(done.stdout)


async def test_a_keys_limits_are_changed_and_lifted(address: str) -> None:
    key = await made(address)

    done = await run(
        "keys", "edit", key["key"], "--requests-per-minute", "120", "--tokens-per-day", "none",
        "--json", "--url", address,
    )  # fmt: skip

    limits = json.loads(done.stdout)["limits"]
    assert (limits["requests_per_minute"], limits["tokens_per_day"]) == (120, None)
    assert key["key"].rsplit(".", 1)[1] not in done.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Name what to change"),
        (["--model", "m", "--all-models"], "do not go together"),
        (["--tokens-per-day", "many"], "expected a whole number above 0, or none"),
    ],
)
async def test_an_edit_that_makes_no_sense_is_refused_before_it_is_sent(
    options: list[str], said: str
) -> None:
    done = await run(
        "keys", "edit", "acme.0123456789abcdef", *options, "--url", "http://127.0.0.1:9"
    )

    assert done.exit_code == 2
    assert said in done.output


async def test_records_of_keys_are_exported_and_imported(address: str, tmp_path: Path) -> None:
    key = await made(address)
    file = tmp_path / "keys.jsonl"

    exported = await run("keys", "export", str(file), "--url", address)
    imported = await run("keys", "import", str(file), "--json", "--url", address)

    [record] = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert record["id"] == key["id"]
    assert key["key"] not in file.read_text(encoding="utf-8")
    assert json.loads(imported.stdout) == {"imported": 0, "replaced": 0, "held": 1}
    assert (exported.exit_code, imported.exit_code) == (0, 0)


async def test_no_keys_are_a_file_without_lines(address: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.jsonl"

    exported = await run("keys", "export", str(file), "--url", address)
    imported = await run("keys", "import", str(file), "--json", "--url", address)

    assert file.read_text(encoding="utf-8") == ""
    assert (exported.exit_code, imported.exit_code) == (0, 0)


async def test_a_clients_base_url_names_the_proxy_as_well(address: str) -> None:
    done = await run("keys", "list", "--url", f"{address}/v1/")

    assert (done.exit_code, done.stdout) == (0, "There are no keys.\n")


async def test_a_file_that_is_no_json_is_not_imported(address: str, tmp_path: Path) -> None:
    file = tmp_path / "keys.jsonl"
    file.write_text("nothing", encoding="utf-8")

    done = await run("keys", "import", str(file), "--url", address)

    assert done.exit_code == 1
    assert "is not a file of JSON lines" in done.output


async def test_two_selectors_are_refused_before_anything_is_sent() -> None:
    nowhere = ["--yes", "--url", "http://127.0.0.1:9"]

    done = await run("clear", "--model", "a", "--tag", "b", *nowhere)

    assert done.exit_code == 2
    assert "--model and --tag do not go together" in done.output


async def test_a_selector_goes_with_a_tenant(address: str) -> None:
    done = await run("clear", "--model", "a", "--tenant", "acme", "--yes", "--url", address)

    assert done.exit_code == 0, done.output


async def test_watching_shows_the_last_hour(address: str) -> None:
    done = await run("watch", "--times", "2", "--every", "0.2", "--url", address)

    assert done.exit_code == 0, done.output
    for shown in ("hit rate", "p99", "hit exact", "Health", "semantic"):
        assert shown in done.stdout


async def test_watching_shows_the_newest_requests_each_on_one_line(address: str) -> None:
    done = await run("watch", "--times", "1", "--url", address)

    lines = done.stdout.splitlines()
    [newest, older] = lines[lines.index("Newest requests") + 1 :][:2]
    assert re.match(r"\d\d:\d\d:\d\d 503 MISS +12.3 ms  a\?\[2J\?long", newest)
    assert newest.endswith("…")
    assert re.match(r"\d\d:\d\d:\d\d 200 HIT-SEMANTIC +0.973 +12.3 ms  gpt-4o-mini  not-", older)


async def test_watching_shows_as_many_requests_as_are_wanted(address: str) -> None:
    one = await run("watch", "--times", "1", "--requests", "1", "--json", "--url", address)
    none = await run("watch", "--times", "1", "--requests", "0", "--url", address)

    assert [line["request_id"] for line in json.loads(one.stdout)["requests"]] == ["req_2"]
    assert "Newest requests" not in none.stdout


async def test_watching_in_json_is_a_line_a_look(address: str) -> None:
    done = await run("watch", "--times", "2", "--every", "0.2", "--json", "--url", address)

    lines = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    assert len(lines) == 2
    assert all("windows" in line for line in lines)
    assert {line["health"]["status"] for line in lines} == {"ok"}


async def test_watching_goes_on_while_the_server_is_away() -> None:
    away = "http://127.0.0.1:9"

    done = await run("watch", "--times", "2", "--every", "0.2", "--url", away)

    assert done.exit_code == 0
    assert "does not answer" in done.stdout
