"""Requests on a cluster: a lookup and a commit are one script in the group of their key.

A client's key is checked first, in the tenant's home; budgets are reserved after a miss. Limits
stay exact, at one more round trip for a hit and two for a miss.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from llm_cache_proxy.adapters.exact_store.redis.cluster.groups import Groups, apart, stamped
from llm_cache_proxy.adapters.exact_store.redis.cluster.slots import Slots
from llm_cache_proxy.domain.client_keys.limits import Grant, KeyCheck
from llm_cache_proxy.domain.entries.entry import Alias
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.items import ItemsLookup
from llm_cache_proxy.ports.exact_store.leases import Lease
from llm_cache_proxy.ports.exact_store.store import (
    Answered,
    Commit,
    Hit,
    Lookup,
    Match,
    Miss,
    OtherNamespace,
    Promoted,
    Refused,
)

_log = logging.getLogger(__name__)


class AdmittedLookup(NamedTuple):
    """A lookup whose client key is served: its tenant's slots, and the counts that go with it."""

    slots: Slots
    grant: Grant
    counts: dict[str, int]
    corrections: Mapping[str, int]
    recent: Sequence[str]


class ClusterRequests(Groups):
    """The `ExactStore` of a cluster."""

    async def lookup(self, query: Lookup) -> Answered:
        """The valid entry or alias under the key, once the client's key has been checked."""
        lookup = await self._admitted_lookup(query)
        if isinstance(lookup, Refused | OtherNamespace):
            return lookup
        slots, grant, counts, corrections, recent = lookup
        group = slots.of(query.key)
        found = await self._group.lookup(
            replace(query, tenant=group, counts=counts, recent=recent, check=None)
        )
        await self._correct(slots, corrections)
        if query.check is None or isinstance(found, Refused | OtherNamespace):
            return found
        if isinstance(found, Miss):
            reserved = await self._reserved(slots, query.check, grant)
            if not isinstance(reserved, Grant):
                if found.lease is not None and found.lease.led:
                    await self._group.release(group, found.lease)
                return reserved
            grant = reserved
        return replace(found, grant=grant)

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        """The target's answer as a semantic hit, leaving `alias` behind in its own group."""
        slots = await self._slots(tenant)
        counts, corrections = apart(query.counts)
        target_in = slots.of(query.key)
        held = query.held
        request_in = _request_group(slots, alias, held) or target_in
        here = request_in == target_in
        promoted = await self._group.promote(
            target_in,
            alias if here else None,
            replace(query, tenant=target_in, counts=counts, held=held if here else None),
            match,
        )
        if isinstance(promoted, Hit):
            await self._correct(slots, corrections)
            if not here:
                await self._leave(request_in, alias, target_in, held)
        return promoted

    async def commit(self, commit: Commit) -> bool:
        """Whether the entry was stored."""
        slots = await self._slots(commit.tenant)
        counts, corrections = apart(commit.counts)
        group, lease = slots.of(commit.entry.key), commit.lease
        led_in = group if lease is None else slots.of_flight(lease.flight)
        fenced = lease if led_in == group else None
        stored = await self._group.commit(
            replace(commit, tenant=group, counts=counts, lease=fenced)
        )
        if lease is not None and fenced is None:  # of another entry's flight: nothing to fence off
            with suppress(ExactStoreUnavailable):  # it lapses by itself
                await self._group.release(led_in, lease)
        await self._correct(slots, corrections)
        return stored

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        """Add to the tenant's counters and recent decisions."""
        slots = await self._slots(tenant)
        counted, corrections = apart(counts)
        await self._tally(slots, counted, corrections, stamped(recent))

    async def _tally(
        self,
        slots: Slots,
        counts: Mapping[str, int],
        corrections: Mapping[str, int],
        recent: Sequence[str],
    ) -> None:
        """Add to one group after the other: a counter is the sum of all."""
        group = slots.at(next(self._turn) % slots.count)
        if counts or recent:
            await self._group.record(group, counts, recent)
        await self._correct(slots, corrections)

    async def _admitted_lookup(
        self, query: Lookup | ItemsLookup
    ) -> AdmittedLookup | OtherNamespace | Refused:
        """The lookup once its client key has been checked; a refusal has been counted."""
        slots = await self._slots(query.tenant)
        counts, corrections = apart(query.counts)
        recent = stamped(query.recent)
        grant = await self._admitted(slots, query.check)
        if isinstance(grant, Grant):
            return AdmittedLookup(slots, grant, counts, corrections, recent)
        await self._tally(slots, counts, corrections, recent)
        return grant

    async def _admitted(
        self, slots: Slots, check: KeyCheck | None
    ) -> Grant | OtherNamespace | Refused:
        """The grant of a key that is served; nothing is reserved for it yet."""
        if check is None:
            return Grant()
        return await self._group.admit(slots.home, replace(check, reserves=False))

    async def _reserved(
        self, slots: Slots, check: KeyCheck, admitted: Grant
    ) -> Grant | OtherNamespace | Refused:
        """The grant, once the upstream's likely cost has been reserved."""
        if not check.reserves:
            return admitted
        asked = replace(check, counts_request=False)
        try:
            reserved = await self._group.admit(slots.home, asked)
        except ExactStoreUnavailable:  # the counts have arrived: only the limit is not kept
            return replace(admitted, counted=False)
        if not isinstance(reserved, Grant):
            return reserved
        return replace(reserved, counted=reserved.counted and admitted.counted)

    async def _leave(
        self, group: str, alias: Alias | None, target_in: str, held: Lease | None
    ) -> None:
        """Leave the alias; a failure costs the next request a search, and this one nothing."""
        try:
            if alias is not None:
                await self._group.leave(group, alias, target_in, held)
            elif held is not None:
                await self._group.release(group, held)
        except ExactStoreUnavailable as exc:
            _log.warning("a promotion was not left behind: %s", exc)


def _request_group(slots: Slots, alias: Alias | None, held: Lease | None) -> str | None:
    """The group of the request that is served from another's entry."""
    if alias is not None:
        return slots.of(alias.key)
    return None if held is None else slots.of_flight(held.flight)
