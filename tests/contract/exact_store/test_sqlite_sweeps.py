"""Clearing many records of the embedded exact tier, while others ask it."""

import asyncio
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.exact_store.sqlite.store import sqlite_exact_store
from llm_cache_proxy.ports.exact_store.admin import Swept
from llm_cache_proxy.ports.exact_store.store import Commit
from samples.stores.vectors import NOW, entry


@pytest.mark.parametrize("count", [0, 1, 500, 501, 1_050])
async def test_what_others_ask_goes_between_the_portions_of_a_large_clear(
    tmp_path: Path, count: int
) -> None:
    store = sqlite_exact_store(tmp_path / "exact.sqlite3", timeout_seconds=5)
    try:
        for number in range(count):
            await store.commit(Commit("acme", entry(str(number)), {}, None))
        await store.commit(Commit("other", entry("another's"), {}, None))
        await store.cut("acme", "all")

        swept, left = await asyncio.gather(store.sweep("acme", "all"), store.count_entries("acme"))

        assert swept == Swept(entries=count, aliases=0)
        assert left == max(0, count - 500)
        assert await store.count_entries("acme") == 0
        assert await store.count_entries("other") == 1
    finally:
        await store.aclose()


async def test_a_clear_takes_what_has_the_selector_wherever_it_lies(tmp_path: Path) -> None:
    store = sqlite_exact_store(tmp_path / "exact.sqlite3", timeout_seconds=5)
    try:
        for number in range(1_050):
            created = NOW - 100 if number % 3 else NOW
            await store.commit(Commit("acme", entry(str(number), created_at=created), {}, None))
        await store.cut("acme", "entry:ent_7")
        await store.cut_before("acme", NOW - 50)

        assert await store.sweep("acme", "entry:ent_7") == Swept(entries=1, aliases=0)
        assert await store.sweep_before("acme") == Swept(entries=699, aliases=0)
        assert await store.count_entries("acme") == 350
    finally:
        await store.aclose()
