"""Where the owner's store does what it is asked: at once, or behind what its thread is at."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from samples.stores.vectors import NOW, SCOPE, at_cosine, entry


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[QdrantLocalVectors]:
    made = QdrantLocalVectors(tmp_path, timeout_seconds=20, at_once=True)
    await made.provision()
    await made.store(SCOPE, at_cosine(0.9), entry("rust"))
    yield made
    await made.aclose()


async def one_turn_of_the_loop() -> None:
    await asyncio.sleep(0)


async def test_a_search_is_done_in_the_turn_in_which_it_is_asked_for(
    store: QdrantLocalVectors,
) -> None:
    search = asyncio.create_task(store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5))

    await one_turn_of_the_loop()

    assert search.done()
    assert [found.text for found in search.result()] == ["What is rust?"]


async def test_a_search_goes_behind_what_the_stores_thread_is_at(
    store: QdrantLocalVectors,
) -> None:
    """The engine may be used by one thread at a time."""
    may_end = threading.Event()
    compacting = asyncio.create_task(store._on_thread(may_end.wait))  # for as long as we like
    await one_turn_of_the_loop()

    search = asyncio.create_task(store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5))
    await one_turn_of_the_loop()

    assert not search.done()
    may_end.set()
    assert [found.text for found in await search] == ["What is rust?"]
    assert await compacting
