"""Operators' view of a cluster: each call goes to every group, and the results are joined."""

from collections import Counter
from collections.abc import Sequence

from llm_cache_proxy.adapters.exact_store.redis.cluster.groups import Groups, merged, together
from llm_cache_proxy.adapters.exact_store.redis.cluster.slots import tenant_of
from llm_cache_proxy.adapters.exact_store.redis.records import malformed_is_unavailable
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.ports.exact_store.admin import (
    NO_TEXTS,
    CounterWindow,
    Listed,
    Page,
    Swept,
    Texts,
)


class ClusterAdmin(Groups):
    """The `ExactAdmin` of a cluster."""

    async def tenants(self) -> Sequence[str]:
        """Every tenant that has ever stored or counted, sorted."""
        return sorted({tenant_of(group) for group in await self._group.groups()})

    async def cut(self, tenant: str, selector: str) -> int:
        """Make every present entry with `selector` dead at once; the new cutoff.

        All groups take the same one, the largest that any would take, so that an alias may be in
        another group than its target. A call that fails may have cut some of them.
        """
        slots = await self._slots(tenant)
        cutoff = max(await together(self._group.next_cutoff(group) for group in slots.all))
        await together(
            self._group.raise_cutoffs(group, cutoff, [selector, cutoff]) for group in slots.all
        )
        return cutoff

    async def sweep(self, tenant: str, selector: str) -> Swept:
        """Delete the records that a `cut` of `selector` has killed."""
        slots = await self._slots(tenant)
        return _sum(await together(self._group.sweep(group, selector) for group in slots.all))

    async def cut_before(self, tenant: str, created_before: int) -> None:
        """Make every entry that was created before then dead at once."""
        slots = await self._slots(tenant)
        await together(self._group.cut_before(group, created_before) for group in slots.all)

    async def sweep_before(self, tenant: str) -> Swept:
        """Delete the records that `cut_before` has killed."""
        slots = await self._slots(tenant)
        return _sum(await together(self._group.sweep_before(group) for group in slots.all))

    async def page(
        self, tenant: str, cursor: str | None, limit: int, texts: Texts = NO_TEXTS
    ) -> Page:
        """About `limit` living entries from `cursor` on, one group after the other."""
        slots = await self._slots(tenant)
        with malformed_is_unavailable():
            first, _, at = (cursor or "0:").partition(":")
            number = int(first)
        entries: list[Listed] = []
        while number < slots.count and len(entries) < limit:
            found = await self._group.page(slots.at(number), at or None, limit, texts)
            entries += found.entries
            at = found.cursor or ""
            number += not at
        return Page(entries, f"{number}:{at}" if number < slots.count else None)

    async def read(self, tenant: str, key: str) -> Entry | None:
        """The whole living entry under an exact key."""
        slots = await self._slots(tenant)
        return await self._group.read(slots.of(key), key)

    async def count_entries(self, tenant: str) -> int:
        """Entries held for the tenant, aliases not counted."""
        slots = await self._slots(tenant)
        return sum(await together(self._group.count_entries(group) for group in slots.all))

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        """All counter windows, oldest first: the sums of every group that ever counted."""
        groups = [group for group in await self._group.groups() if tenant_of(group) == tenant]
        sums: dict[tuple[int, int], Counter[str]] = {}
        for windows in await together(self._group.counters(group) for group in groups):
            for window in windows:
                place = (window.start, -window.seconds)
                sums.setdefault(place, Counter()).update(window.counts)
        return [
            CounterWindow(tenant, start, -seconds, dict(sums[start, seconds]))
            for start, seconds in sorted(sums)
        ]

    async def recent(self, tenant: str, skip: int, limit: int) -> Sequence[str]:
        """Lines on the tenant's recent requests, newest first."""
        slots = await self._slots(tenant)
        kept = self._requests_kept
        rings = await together(
            self._group.recent(group, 0, min(skip + limit, kept)) for group in slots.all
        )
        return merged(rings)[:kept][skip : skip + limit]

    async def check(self) -> str | None:
        """Every command that a request's scripts use, on as many keys as a tenant has groups."""
        said = await together(self._group.check_at(number) for number in range(self._count))
        return next((each for each in said if each is not None), None)


def _sum(parts: Sequence[Swept]) -> Swept:
    return Swept(sum(part.entries for part in parts), sum(part.aliases for part in parts))
