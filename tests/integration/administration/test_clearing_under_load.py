"""Facts about clearing while requests are running, in both tiers of real stores."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from samples.local_app import LocalApp, running_local_app

KINDS: Mapping[str, dict[str, str]] = {
    "plain": {},
    "tagged": {"x_cache_tags": "t1"},
    "spaced": {"x_cache_namespace": "n1"},
    "other model": {"model": "gpt-4o"},
}
CLEARED: list[tuple[dict[str, Any], set[str]]] = [
    ({"tag": "t1"}, {"tagged"}),
    ({"namespace": "n1"}, {"spaced"}),
    ({"model": "gpt-4o"}, {"other model"}),
    ({"all": True}, set(KINDS)),
    ({"tenant": "default"}, set(KINDS)),
    ({"older_than_seconds": 0}, set(KINDS)),
]


@pytest.fixture(params=["sqlite", "redis"])
async def proxy(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LocalApp]:
    async with running_local_app(request.param, tmp_path) as made:
        yield made


def number_in(answer: dict[str, Any]) -> int:
    """The upstream says `answer 1`, `answer 2` and so on."""
    return int(answer["choices"][0]["message"]["content"].split()[1])


@pytest.mark.parametrize(("chosen", "gone"), CLEARED, ids=[next(iter(one)) for one, _ in CLEARED])
async def test_a_clear_takes_what_it_names_and_leaves_the_rest_while_requests_run(
    proxy: LocalApp, chosen: dict[str, Any], gone: set[str]
) -> None:
    ended = asyncio.Event()
    numbers = {kind: number_in((await proxy.ask(kind, **KINDS[kind])).json()) for kind in KINDS}
    if "older_than_seconds" in chosen:
        await asyncio.sleep(1.1 - time.time() % 1)  # entries of this very second are not older

    async def asking(kind: str) -> None:
        while not ended.is_set():
            assert number_in((await proxy.ask(kind, **KINDS[kind])).json()) >= numbers[kind]

    async def missing() -> None:
        for count in itertools.count():
            if ended.is_set():
                return
            await proxy.ask(f"never asked {count}", x_cache_tags="t1")

    running = [asyncio.create_task(asking(kind)) for kind in KINDS for _ in range(2)]
    running.append(asyncio.create_task(missing()))
    await asyncio.sleep(0.3)
    answer = await proxy.act("cache/clear", **chosen)
    after = {kind: number_in((await proxy.ask(kind, **KINDS[kind])).json()) for kind in KINDS}
    ended.set()
    await asyncio.gather(*running)

    assert answer["unswept"] == []
    for kind, number in after.items():
        assert (number > numbers[kind]) == (kind in gone), kind


@pytest.mark.parametrize(("chosen", "gone"), CLEARED, ids=[next(iter(one)) for one, _ in CLEARED])
async def test_both_tiers_hold_exactly_the_rest(
    proxy: LocalApp, chosen: dict[str, Any], gone: set[str]
) -> None:
    for kind, place in KINDS.items():
        await proxy.ask(kind, **place)
    if "older_than_seconds" in chosen:
        await asyncio.sleep(1.1 - time.time() % 1)

    would = (await proxy.act("cache/clear", **chosen, dry_run=True))["would_clear"]
    answer = (await proxy.act("cache/clear", **chosen))["cleared"]

    assert would == {"exact": len(gone), "semantic": len(gone)}
    assert answer == {"exact": len(gone), "semantic": len(gone), "aliases": 0}
    assert await proxy.parts.exact.count_entries("default") == len(KINDS) - len(gone)
    assert await proxy.parts.vectors.count_entries("default") == len(KINDS) - len(gone)


async def test_one_entry_is_cleared_by_its_id(proxy: LocalApp) -> None:
    for kind, place in KINDS.items():
        await proxy.ask(kind, **place)
    entry = (await proxy.ask("plain")).headers["x-cache-entry"]

    answer = await proxy.act("cache/clear", entry=entry)

    assert answer["cleared"] == {"exact": 1, "semantic": 1, "aliases": 0}
    assert (await proxy.ask("plain")).headers["x-cache"] == "MISS"
    assert (await proxy.ask("tagged", x_cache_tags="t1")).headers["x-cache"] == "HIT-EXACT"
