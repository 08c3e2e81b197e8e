"""Facts about entries that leave a proxy as a file and come back, and about past logs."""

import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_cache_proxy.domain.requests.keys import entry_id
from llm_cache_proxy.ports.exact_store.store import Commit
from samples.command_line import run
from samples.local_app import LocalApp, running_local_app
from samples.stores.vectors import entry, key
from servers.asgi import serving

PROMPTS = [f"Tell me about the river number {number}." for number in range(5)]
PARAPHRASE = "Please tell me about the river number 3."


@pytest.fixture(params=["sqlite", "redis"])
async def proxy(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LocalApp]:
    async with running_local_app(request.param, tmp_path) as made:
        yield made


async def fill(proxy: LocalApp, count: int) -> None:
    """Entries as if they had been answered before."""
    now = int(time.time())
    for number in range(count):
        name = f"e{number}"
        made = entry(name, sequence=0, created_at=now, expires_at=now + 600, purge_at=now + 600)
        named = entry_id("default", key(name))
        made = replace(made, entry_id=named, selectors=("all", f"entry:{named}"))
        assert await proxy.parts.exact.commit(Commit("default", made))


class Failing:
    """Passes on to `app`, but answers 503 to the calls of a path after the first few."""

    def __init__(self, app: ASGIApp, path: str, after: int) -> None:
        self._app = app
        self._path = path
        self._left = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._path:
            self._left -= 1
            if self._left < 0:
                start = {"type": "http.response.start", "status": 503, "headers": []}
                await send(start)
                await send({"type": "http.response.body", "body": b'{"error":{"message":"away"}}'})
                return
        await self._app(scope, receive, send)


async def test_export_clear_and_import_give_back_the_same_hits(
    proxy: LocalApp, tmp_path: Path
) -> None:
    file = tmp_path / "entries.jsonl"
    before = [await proxy.ask(text, x_cache_tags="t", x_cache_ttl="5000") for text in PROMPTS]
    proxy.embedder.set_similarity(PROMPTS[3], PARAPHRASE, 0.97)

    exported = await run("export", str(file), "--url", proxy.url)
    cleared = await run("clear", "--all", "--yes", "--url", proxy.url)
    assert (await proxy.ask(PROMPTS[0], x_cache_mode="read-only")).headers["x-cache"] == "MISS"
    imported = await run("import", str(file), "--url", proxy.url, "--json")

    assert (exported.exit_code, cleared.exit_code, imported.exit_code) == (0, 0, 0), imported.output
    assert "with their prompts and answers" in exported.stdout
    assert json.loads(imported.stdout)["imported"] == 5
    for text, first in zip(PROMPTS, before, strict=True):
        again = await proxy.ask(text)
        assert (again.headers["x-cache"], again.json()) == ("HIT-EXACT", first.json())
        assert int(again.headers["x-cache-ttl"]) <= 5000
    semantic = await proxy.ask(PARAPHRASE)
    assert semantic.headers["x-cache"] == "HIT-SEMANTIC"
    assert semantic.json() == before[3].json()
    assert (await proxy.act("cache/clear", tag="t"))["cleared"]["semantic"] == 5


async def test_the_file_is_for_its_owner_alone_and_says_that_it_holds_prompts(
    proxy: LocalApp, tmp_path: Path
) -> None:
    file = tmp_path / "entries.jsonl"
    await proxy.ask(PROMPTS[0])

    await run("export", str(file), "--url", proxy.url)
    again = await run("export", str(file), "--url", proxy.url)
    answer = await run("export", "--help")

    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["entry"]["text"] == PROMPTS[0]
    assert (again.exit_code, "exists already" in again.stderr) == (1, True)
    assert "PROMPTS AND ANSWERS" in answer.stdout


async def test_an_export_that_was_broken_off_goes_on_and_leaves_nothing_out(
    proxy: LocalApp, tmp_path: Path
) -> None:
    file = tmp_path / "entries.jsonl"
    await fill(proxy, 250)

    async with serving(Failing(proxy.app, "/admin/entries/export", after=1)) as url:
        broken = await run("export", str(file), "--url", url)
    with file.open("ab") as half:
        half.write(b'{"half a li')
    whole = await run("export", str(file), "--url", proxy.url)

    assert (broken.exit_code, whole.exit_code) == (1, 0), whole.output
    assert "Going on after" in whole.stderr
    keys = {json.loads(line)["entry"]["key"] for line in file.read_text().splitlines()}
    assert keys == {key(f"e{number}") for number in range(250)}
    assert not file.with_name("entries.jsonl.cursor").exists()


async def test_an_import_that_was_broken_off_goes_on(proxy: LocalApp, tmp_path: Path) -> None:
    file = tmp_path / "entries.jsonl"
    await fill(proxy, 250)
    await run("export", str(file), "--url", proxy.url)
    await run("clear", "--all", "--yes", "--url", proxy.url)

    async with serving(Failing(proxy.app, "/admin/entries/import", after=1)) as url:
        broken = await run("import", str(file), "--url", url)
    rest = await run("import", str(file), "--url", proxy.url, "--json")

    assert (broken.exit_code, rest.exit_code) == (1, 0), rest.output
    assert json.loads(rest.stdout)["imported"] == 150
    assert await proxy.parts.exact.count_entries("default") == 250


async def test_what_has_expired_meanwhile_or_was_edited_is_not_taken_in(
    proxy: LocalApp, tmp_path: Path
) -> None:
    file = tmp_path / "entries.jsonl"
    await proxy.ask(PROMPTS[0])
    await run("export", str(file), "--url", proxy.url)
    sound = json.loads(file.read_text())
    expired = {**sound, "entry": {**sound["entry"], "created_at": 1, "expires_at": 2}}
    moved = {**sound, "tenant": "someone else"}
    odd = {**sound, "vector": {**sound["vector"], "values": "AAAA"}}
    lines = [json.dumps(one) for one in (expired, moved, odd, 7)] + ["{", ""]
    file.write_text("\n".join(lines))

    result = await run("import", str(file), "--url", proxy.url, "--json")

    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["expired"], answer["refused"], answer["imported"]) == (
        1,
        1,
        4,
        0,
    )
    assert "line 2: 'entry_id' is not that of this tenant and key." in result.stderr
    assert PROMPTS[0] not in result.output


async def test_an_import_after_a_clear_is_served_though_its_entries_are_older(
    proxy: LocalApp, tmp_path: Path
) -> None:
    file = tmp_path / "entries.jsonl"
    await proxy.ask(PROMPTS[0], x_cache_tags="t")
    await run("export", str(file), "--url", proxy.url)
    await proxy.act("cache/clear", tag="t")
    await proxy.act("cache/clear", all=True)

    await run("import", str(file), "--url", proxy.url)

    assert (await proxy.ask(PROMPTS[0])).headers["x-cache"] == "HIT-EXACT"


async def test_past_logs_warm_both_tiers_and_do_not_call_the_upstream(
    proxy: LocalApp, tmp_path: Path
) -> None:
    answer = {
        "id": "chatcmpl-9",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "It is long."},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
    }
    request = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPTS[3]}]}
    day_ago = int(time.time()) - 80_000
    lines = [
        {"request": request, "response": answer, "created_at": day_ago},
        {"request": request, "response": answer},
        {"request": {**request, "temperature": 0.9}, "response": answer, "created_at": day_ago},
        {"request": request, "response": {**answer, "choices": []}, "headers": {}},
        {"request": {"model": "m"}, "response": answer},
    ]
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(map(json.dumps, lines[:1])))
    proxy.embedder.set_similarity(PROMPTS[3], PARAPHRASE, 0.97)

    first = await run("import", str(file), "--url", proxy.url, "--json")
    file.write_text("\n".join(map(json.dumps, lines[1:])))
    second = await run("import", str(file), "--url", proxy.url, "--json")

    assert json.loads(first.stdout)["imported"] == 1
    result = json.loads(second.stdout)
    assert (result["held"], result["expired"], result["refused"], second.exit_code) == (1, 1, 2, 1)
    exact, semantic = await proxy.ask(PROMPTS[3]), await proxy.ask(PARAPHRASE)
    assert (exact.headers["x-cache"], semantic.headers["x-cache"]) == ("HIT-EXACT", "HIT-SEMANTIC")
    assert exact.json() == answer
    assert int(exact.headers["age"]) >= 80_000
    assert proxy.upstream.calls == []
    performance = (await proxy.client.get("/metrics")).json()["cache_performance"]
    assert (performance["exact_hits"], performance["misses"]) == (1, 0)
