"""Operators' view of the exact tier on a Redis server."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import cast

from llm_cache_proxy.adapters.exact_store.counter_windows import (
    DAY_SECONDS,
    DAYS_KEPT_SECONDS,
    FINE_KEPT_SECONDS,
)
from llm_cache_proxy.adapters.exact_store.redis.names import TENANTS, TenantNames
from llm_cache_proxy.adapters.exact_store.redis.records import (
    entry_in,
    listed,
    malformed_is_unavailable,
    numbers,
)
from llm_cache_proxy.adapters.exact_store.redis.records import (
    texts as texts_in,
)
from llm_cache_proxy.adapters.exact_store.redis.scripts import RedisScripts
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Entry
from llm_cache_proxy.ports.exact_store.admin import (
    BEGINNING_CHARACTERS,
    NO_TEXTS,
    CounterWindow,
    Page,
    Swept,
    Texts,
)

_BATCH = 500
_BEGINNING_BYTES = 4 * BEGINNING_CHARACTERS
"""Of UTF-8, whatever is written."""


class RedisAdmin(RedisScripts):
    """The `ExactAdmin` of a Redis server."""

    async def tenants(self) -> Sequence[str]:
        """Every tenant that has ever stored or counted, sorted."""
        return sorted(texts_in(await self._server.command("SMEMBERS", TENANTS)))

    async def cut(self, tenant: str, selector: str) -> int:
        """Make every present entry with `selector` dead at once; the new cutoff."""
        names = TenantNames(tenant)
        reply = await self._run("clears/cut", [names.cutoffs, names.sequence], selector)
        return numbers(reply, 1)[0]

    async def sweep(self, tenant: str, selector: str) -> Swept:
        """Delete the records that a `cut` of `selector` has killed, in batches."""
        names = TenantNames(tenant)
        entries = aliases = 0
        async for records in self._records(names):
            gone = numbers(await self._run("clears/sweep", [names.cutoffs, *records], selector), 2)
            entries, aliases = entries + gone[0], aliases + gone[1]
        return Swept(entries=entries, aliases=aliases)

    async def cut_before(self, tenant: str, created_before: int) -> None:
        """Make every entry that was created before then dead at once."""
        reply = await self._run("clears/cut_before", [TenantNames(tenant).cutoffs], created_before)
        numbers(reply, 1)

    async def sweep_before(self, tenant: str) -> Swept:
        """Delete the records that `cut_before` has killed, in batches."""
        names = TenantNames(tenant)
        entries = aliases = 0
        async for records in self._records(names):
            gone = numbers(await self._run("clears/sweep_before", [names.cutoffs, *records]), 2)
            entries, aliases = entries + gone[0], aliases + gone[1]
        return Swept(entries=entries, aliases=aliases)

    async def page(
        self, tenant: str, cursor: str | None, limit: int, texts: Texts = NO_TEXTS
    ) -> Page:
        """About `limit` living entries from `cursor` on; SCAN may show one twice."""
        names = TenantNames(tenant)
        at, records = cursor or "0", list[str]()
        while not records:
            at, records = await self._scanned(names, at, limit)
            if at == "0":
                break
        words = (FORMAT_VERSION, texts.containing, _BEGINNING_BYTES if texts.beginnings else 0)
        rows = await self._run("entries/page", [names.cutoffs, *records], *words) if records else []
        with malformed_is_unavailable():
            entries = [
                listed(row, names.key_of(records[int(str(row[0]))]), texts)
                for row in cast("list[list[object]]", rows)
            ]
        return Page(entries, None if at == "0" else at)

    async def read(self, tenant: str, key: str) -> Entry | None:
        """The whole living entry under an exact key."""
        names = TenantNames(tenant)
        reply = await self._run("entries/read", [names.record(key), names.cutoffs], FORMAT_VERSION)
        return entry_in(reply, key) if reply else None

    async def count_entries(self, tenant: str) -> int:
        """Entries held for the tenant, aliases not counted."""
        total = 0
        async for records in self._records(TenantNames(tenant)):
            total += numbers(await self._run("entries/census", records), 1)[0]
        return total

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        """All counter windows, oldest first, old fine ones folded into coarse ones."""
        names = TenantNames(tenant)
        reply = await self._run(
            "counters/fold",
            [names.windows],
            names.counter_prefix,
            FINE_KEPT_SECONDS,
            DAY_SECONDS,
            DAYS_KEPT_SECONDS,
        )
        with malformed_is_unavailable():
            windows = [_window(tenant, row) for row in cast("list[list[object]]", reply)]
        if held := self._refused_writes.held(tenant):
            seconds, start = names.window(time.time()).split(":")
            windows.append(CounterWindow(tenant, int(start), int(seconds), held))
        return sorted(windows, key=lambda window: (window.start, -window.seconds))

    async def recent(self, tenant: str, skip: int, limit: int) -> Sequence[str]:
        """Lines on the tenant's recent requests, newest first."""
        key = TenantNames(tenant).recent
        return texts_in(await self._server.command("LRANGE", key, skip, skip + limit - 1))

    async def _records(self, names: TenantNames) -> AsyncIterator[list[str]]:
        cursor = "0"
        seen: set[str] = set()  # SCAN may show a key twice
        while True:
            cursor, keys = await self._scanned(names, cursor, _BATCH)
            new = [key for key in keys if key not in seen]
            seen.update(new)
            if new:
                yield new
            if cursor == "0":
                return

    async def _scanned(self, names: TenantNames, cursor: str, count: int) -> tuple[str, list[str]]:
        reply = await self._server.command("SCAN", cursor, "MATCH", names.records, "COUNT", count)
        with malformed_is_unavailable():
            next_cursor, keys = cast("tuple[object, object]", reply)
        return str(next_cursor), texts_in(keys)


def _window(tenant: str, row: list[object]) -> CounterWindow:
    seconds, start = str(row[0]).split(":")
    flat = cast("list[str]", row[1])
    counts = {flat[at]: int(flat[at + 1]) for at in range(0, len(flat), 2)}
    return CounterWindow(tenant, int(start), int(seconds), counts)
