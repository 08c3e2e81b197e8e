"""Items of a batch on a cluster: one script for each group that has some of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from llm_cache_proxy.adapters.exact_store.redis.cluster.groups import (
    apart,
    by_group,
    together,
)
from llm_cache_proxy.adapters.exact_store.redis.cluster.requests import ClusterRequests
from llm_cache_proxy.domain.client_keys.limits import Grant
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.metrics.counter_names import EXACT_HITS
from llm_cache_proxy.ports.exact_store.items import ItemsAnswered, ItemsFound, ItemsLookup
from llm_cache_proxy.ports.exact_store.store import OtherNamespace, Refused


class ClusterItems(ClusterRequests):
    """The `ItemStore` of a cluster."""

    async def lookup_items(self, query: ItemsLookup) -> ItemsAnswered:
        """The valid entries under the keys, once the client's key has been checked."""
        lookup = await self._admitted_lookup(query)
        if isinstance(lookup, Refused | OtherNamespace):
            return lookup
        slots, admitted, counts, corrections, recent = lookup
        groups = by_group(slots, query.keys) or {slots.home: []}
        alone = len(groups) == 1
        ride = (counts, recent) if alone else ({}, [])
        found = _joined(
            await together(
                self._group.lookup_items(
                    replace(
                        query,
                        tenant=group,
                        keys=keys,
                        check=None,
                        counts=ride[0],
                        recent=ride[1],
                        whole=alone and query.whole,
                    )
                )
                for group, keys in groups.items()
            )
        )
        if alone:
            await self._correct(slots, corrections)
        else:  # counted after all groups have answered, so that a second try counts once
            if query.whole and len(found.hits) == len(query.keys):
                counts[EXACT_HITS] = counts.get(EXACT_HITS, 0) + 1
            await self._tally(slots, counts, corrections, recent)
        if query.check is None:
            return found
        grant: Grant | OtherNamespace | Refused = admitted
        missing = len(query.keys) - len(found.hits)
        if missing or not query.keys:
            share = query.check.share(missing, len(query.keys)) if query.keys else query.check
            grant = await self._reserved(slots, share, admitted)
        if isinstance(grant, Grant):
            return replace(found, grant=grant)
        if query.lease_seconds:
            await self.release_items(query.tenant, query.keys, query.claim)
        return grant

    async def commit_items(
        self, tenant: str, entries: Sequence[Entry], counts: Mapping[str, int]
    ) -> bool:
        """Whether all entries were stored."""
        slots = await self._slots(tenant)
        counted, corrections = apart(counts)
        held = {entry.key: entry for entry in entries}
        groups = by_group(slots, held) or {slots.home: []}
        alone = len(groups) == 1
        stored = await together(
            self._group.commit_items(group, [held[key] for key in keys], counted if alone else {})
            for group, keys in groups.items()
        )
        if alone:
            await self._correct(slots, corrections)
        else:
            await self._tally(slots, counted, corrections, ())
        return all(stored)

    async def extend_items(
        self, tenant: str, keys: Sequence[str], claim: str, seconds: float
    ) -> None:
        """Hold those leases of these items that the claim still has for so long."""
        groups = by_group(await self._slots(tenant), keys)
        await together(
            self._group.extend_items(group, some, claim, seconds) for group, some in groups.items()
        )

    async def release_items(self, tenant: str, keys: Sequence[str], claim: str) -> None:
        """End the leases of these items that were taken under the claim."""
        groups = by_group(await self._slots(tenant), keys)
        await together(
            self._group.release_items(group, some, claim) for group, some in groups.items()
        )


def _joined(parts: Sequence[ItemsAnswered]) -> ItemsFound:
    """The finds of all groups. The sequence is the least one, so that no clear is overlooked."""
    found = [part for part in parts if isinstance(part, ItemsFound)]
    return ItemsFound(
        hits={key: hit for part in found for key, hit in part.hits.items()},
        sequence=min(part.sequence for part in found),
        now=max(part.now for part in found),
        followed={key for part in found for key in part.followed},
    )
