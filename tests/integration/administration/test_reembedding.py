"""A cache moves to another embedder while the proxy answers."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from llm_cache_proxy.adapters.exact_store.sqlite.store import sqlite_exact_store
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.bootstrap.local.app import local_app, prepare
from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.domain.requests.keys import entry_id
from llm_cache_proxy.ports.exact_store.store import Commit
from llm_cache_proxy.ports.vector_store import Scope
from llm_cache_proxy.settings import Settings
from samples.command_line import run
from samples.stores.vectors import at_cosine, entry, key
from servers.asgi import serving
from servers.embedding_apis import OpenAIEmbeddings, Vector

FORMER, SERVING = "minilm-l6-v2/onnx-fp32", "openai/other"
COUNT = 24
MOVABLE = COUNT - 3


@dataclass
class Failing:
    """Three dimensions for any text; after `left` texts nothing but failures."""

    left: int = 1_000

    def __call__(self, text: str) -> Vector:
        self.left -= 1
        if self.left < 0:
            raise RuntimeError("out of order")
        return Vector([1.0, float(len(text)), 0.0], len(text.split()) + 2)


@dataclass
class Moving:
    """A proxy on another embedder than the one that its cache was filled with."""

    url: str
    model: Failing
    service: OpenAIEmbeddings
    former: QdrantLocalVectors
    client: httpx.AsyncClient

    async def reembed(self, *options: str) -> dict[str, Any]:
        ended = await run("reembed", *options, "--url", self.url, "--json")
        assert ended.exit_code == 0, ended.output
        found: dict[str, Any] = json.loads(ended.stdout)
        return found


async def fill(folder: Path, count: int, tenant: str = "default") -> None:
    """Entries of a former embedder: without a prompt, with a long one, without a vector, others."""
    exact = sqlite_exact_store(folder / "exact.sqlite3", timeout_seconds=20)
    vectors = QdrantLocalVectors(folder / "qdrant", timeout_seconds=20)
    now = int(time.time())
    texts = {0: "", 1: "many words " * 200}
    for number in range(count):
        name = f"{tenant} {number}"
        named = entry_id(tenant, key(name))
        made = replace(
            entry(name, sequence=0, created_at=now, expires_at=now + 600, purge_at=now + 600),
            entry_id=named,
            selectors=("all", f"entry:{named}"),
            text=texts.get(number, f"What is number {number}?"),
        )
        assert await exact.commit(Commit(tenant, made))
        if number != 2:
            await vectors.store(Scope(tenant, "f" * 64, FORMER), at_cosine(0.9), made)
    await exact.aclose()
    await vectors.aclose()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled")
    asyncio.run(fill(folder, COUNT))
    return folder


@pytest.fixture
async def moving(filled: Path, tmp_path: Path) -> AsyncIterator[Moving]:
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    model = Failing()
    service = OpenAIEmbeddings(model)
    async with serving(service.app()) as url:
        settings = Settings.model_validate(
            {
                "embedder": "openai",
                "embedding_base_url": f"{url}/v1",
                "embedding_model": "other",
                "data_dir": tmp_path,
                "embed_deadline_seconds": 20,
                "search_deadline_seconds": 20,
                "exact_deadline_seconds": 20,
                "check_upstreams": False,
            }
        )
        parts = local_parts(settings)
        await prepare(parts)
        assert isinstance(parts.vectors, QdrantLocalVectors)
        former = parts.vectors.beside(settings.qdrant_collection)
        assert isinstance(former, QdrantLocalVectors)
        service.bodies.clear()
        async with (
            serving(local_app(settings, parts)) as proxy,
            httpx.AsyncClient(base_url=proxy, timeout=30) as client,
        ):
            yield Moving(proxy, model, service, former, client)
        await parts.aclose()


async def test_every_entry_gets_a_vector_of_the_embedder_that_serves(moving: Moving) -> None:
    found = await moving.reembed()

    assert (found["moved"], found["held"], found["without_vector"]) == (MOVABLE, 0, 1)
    assert {(one["entry"], one["reason"]) for one in found["left_out"]} == {
        (entry_id("default", key("default 0")), "no-prompt"),
        (entry_id("default", key("default 1")), "too-long"),
    }
    stats = (await moving.client.get("/admin/stats")).json()
    assert stats["entries"]["semantic"] == MOVABLE
    assert stats["embedding"]["tokens"] > MOVABLE
    assert await moving.former.count_entries("default") == COUNT - 1


async def test_what_has_moved_is_passed_over_and_not_paid_for_again(moving: Moving) -> None:
    await moving.reembed()
    moving.service.bodies.clear()

    found = await moving.reembed()

    assert (found["moved"], found["held"]) == (0, MOVABLE)
    assert [len(body["input"]) for body in moving.service.bodies] == [1]  # type: ignore[arg-type]


async def test_a_move_that_was_broken_off_goes_on_where_it_stopped(moving: Moving) -> None:
    moving.model.left = 17
    broken = await run("reembed", "--url", moving.url)
    moving.model.left = 1_000

    found = await moving.reembed()

    assert broken.exit_code == 1
    assert "The embedder did not answer; begin again" in broken.stderr
    assert found["held"] > 0
    assert found["held"] + found["moved"] == MOVABLE


async def test_old_vectors_are_removed_on_request_alone(moving: Moving) -> None:
    await moving.reembed("--remove")

    assert await moving.former.count_entries("default") == 2  # those that were left out


async def test_only_entries_of_the_named_embedder_move(moving: Moving) -> None:
    other = await moving.reembed("--from", "http:https://elsewhere")
    unknown = await moving.reembed("--from", "bedrock/never-used")
    right = await moving.reembed("--from", FORMER)

    assert (other["moved"], unknown["moved"], right["moved"]) == (0, 0, MOVABLE)


async def test_the_embedder_that_serves_is_no_former_one(moving: Moving) -> None:
    ended = await run("reembed", "--from", SERVING, "--url", moving.url)

    assert ended.exit_code == 1
    assert "is the embedder that serves" in ended.stderr


async def test_the_command_prints_what_moved_and_what_did_not(moving: Moving) -> None:
    ended = await run("reembed", "--tenant", "default", "--url", moving.url)
    nobody = await run("reembed", "--tenant", "nobody", "--url", moving.url)

    assert ended.exit_code == 0, ended.output
    assert f"{MOVABLE} entries have vectors of openai/other now, 0 had them before; 1 had none" in (
        ended.stdout
    )
    assert "its prompt is not kept" in ended.stderr
    assert "does not read all of its prompt" in ended.stderr
    assert "0 entries have vectors" in nobody.stdout
