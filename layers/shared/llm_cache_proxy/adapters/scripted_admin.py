"""Operators' view of the exact tier on a Redis server."""

from collections.abc import AsyncIterator, Sequence
from typing import cast

from llm_cache_proxy.adapters.counter_windows import (
    DAY_SECONDS,
    DAYS_KEPT_SECONDS,
    FINE_KEPT_SECONDS,
)
from llm_cache_proxy.adapters.redis_names import TENANTS, TenantNames
from llm_cache_proxy.adapters.scripted_exact import ScriptedExactStore
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_admin import CounterWindow, Swept

_BATCH = 500


class AdministeredExactStore(ScriptedExactStore):
    """The same store, serving `ExactAdmin` as well."""

    async def tenants(self) -> Sequence[str]:
        """Every tenant that has ever stored or counted, sorted."""
        return sorted(cast("list[str]", await self._server.command("SMEMBERS", TENANTS)))

    async def cut(self, tenant: str, selector: str) -> int:
        """Make every present entry with `selector` dead at once; the new cutoff."""
        names = TenantNames(tenant)
        return int(str(await self._run("cut", [names.cutoffs, names.sequence], selector)))

    async def sweep(self, tenant: str, selector: str) -> Swept:
        """Delete the records that a `cut` of `selector` has killed, in batches."""
        names = TenantNames(tenant)
        entries = aliases = 0
        async for records in self._records(names):
            gone = cast("list[int]", await self._run("sweep", [names.cutoffs, *records], selector))
            entries, aliases = entries + gone[0], aliases + gone[1]
        return Swept(entries=entries, aliases=aliases)

    async def count_entries(self, tenant: str) -> int:
        """Entries held for the tenant, aliases not counted."""
        total = 0
        async for records in self._records(TenantNames(tenant)):
            total += cast("int", await self._run("census", records))
        return total

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        """All counter windows, oldest first, old fine ones folded into coarse ones."""
        names = TenantNames(tenant)
        reply = await self._run(
            "counters",
            [names.windows],
            names.counter_prefix,
            FINE_KEPT_SECONDS,
            DAY_SECONDS,
            DAYS_KEPT_SECONDS,
        )
        try:
            windows = [_window(tenant, row) for row in cast("list[list[object]]", reply)]
        except (TypeError, ValueError, IndexError) as exc:
            raise ExactStoreUnavailable("the exact store's counters make no sense") from exc
        return sorted(windows, key=lambda window: (window.start, -window.seconds))

    async def _records(self, names: TenantNames) -> AsyncIterator[list[str]]:
        cursor = "0"
        seen: set[str] = set()  # SCAN may show a key twice
        while True:
            reply = await self._server.command(
                "SCAN", cursor, "MATCH", names.records, "COUNT", _BATCH
            )
            next_cursor, keys = cast("tuple[object, list[str]]", reply)
            new = [key for key in keys if key not in seen]
            seen.update(new)
            if new:
                yield new
            cursor = str(next_cursor)
            if cursor == "0":
                return


def _window(tenant: str, row: list[object]) -> CounterWindow:
    seconds, start = str(row[0]).split(":")
    flat = cast("list[str]", row[1])
    counts = {flat[at]: int(flat[at + 1]) for at in range(0, len(flat), 2)}
    return CounterWindow(tenant, int(start), int(seconds), counts)
