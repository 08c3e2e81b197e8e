"""The base of the cluster's store: a tenant's groups, and calls to many of them."""

import asyncio
import time
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from itertools import count, groupby
from typing import TypeVar

from llm_cache_proxy.adapters.exact_store.redis.cluster.group_store import GroupStore
from llm_cache_proxy.adapters.exact_store.redis.cluster.slots import Slots
from llm_cache_proxy.adapters.exact_store.redis.scripts import RedisServer
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT

_USAGE = "usage:"
_STAMP_DIGITS = 20
T = TypeVar("T")


class Groups:
    """Brings a tenant's groups in step before their first use: each knows what the home knows."""

    def __init__(self, server: RedisServer, slots: int, requests_kept: int = REQUESTS_KEPT) -> None:
        self._group = GroupStore(server, requests_kept)
        self._requests_kept = requests_kept
        self._count = slots
        self._in_step: set[str] = set()
        self._out_of_step: set[str] = set()
        self._owed: dict[str, dict[str, int]] = {}
        self._turn = count()

    async def aclose(self) -> None:
        """Release connections."""
        await self._group.aclose()

    async def _slots(self, tenant: str) -> Slots:
        """The tenant's groups, each of them in step."""
        slots = Slots(tenant, self._count)
        if tenant not in self._in_step:
            if tenant in self._out_of_step or not await self._are_in_step(slots):
                await self._bring_in_step(slots)
            self._out_of_step.discard(tenant)
            self._in_step.add(tenant)
        return slots

    async def _are_in_step(self, slots: Slots) -> bool:
        return await self._group.known_slots(slots.home) == str(slots.count)

    async def _bring_in_step(self, slots: Slots) -> None:
        """Copy the home's cutoffs, barred pairs and threshold to each group.

        A group that was left out for a while, since there were fewer, must not serve what has been
        cleared meanwhile.
        """
        group = self._group
        (sequence, cutoffs), pairs, standing = await asyncio.gather(
            group.cutoffs(slots.home), group.barred_pairs(slots.home), group.standing(slots.home)
        )
        for name in slots.all[1:]:
            await group.raise_cutoffs(name, sequence, cutoffs)
            await group.trust(name, standing.raised_threshold, pairs)
        await group.know_slots(slots.home, slots.count)

    def _fell_out_of_step(self, tenant: str) -> None:
        """The next call brings the tenant's groups in step again."""
        self._in_step.discard(tenant)
        self._out_of_step.add(tenant)

    async def _correct(self, slots: Slots, corrections: Mapping[str, int]) -> None:
        """Correct the usage of client keys, which the home alone knows; never lost, never twice.

        The request has been served already: corrections that fail wait for the next call.
        """
        owed = self._owed.pop(slots.tenant, {})
        for name, amount in corrections.items():
            owed[name] = owed.get(name, 0) + amount
        if not owed:
            return
        try:
            await self._group.record(slots.home, owed)
        except ExactStoreUnavailable:
            held = self._owed.setdefault(slots.tenant, {})
            for name, amount in owed.items():
                held[name] = held.get(name, 0) + amount


async def together(calls: Iterable[Awaitable[T]]) -> list[T]:
    """The results of all, once all have ended; the first failure where there is one."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


def apart(counts: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """The counters, which any group may count, and the corrections of usage."""
    corrections = {name: n for name, n in counts.items() if name.startswith(_USAGE)}
    return {name: n for name, n in counts.items() if name not in corrections}, corrections


def stamped(lines: Sequence[str]) -> list[str]:
    """Lines on requests behind a time stamp, by which the lines of all groups are merged."""
    now = time.time_ns()
    return [f"{now + number:0{_STAMP_DIGITS}} {line}" for number, line in enumerate(lines)]


def merged(rings: Iterable[Sequence[str]]) -> list[str]:
    """The lines of all groups, newest first, without their stamps."""
    lines = sorted((line for ring in rings for line in ring), reverse=True)
    return [line[_STAMP_DIGITS + 1 :] for line in lines]


def by_group(slots: Slots, keys: Iterable[str]) -> dict[str, list[str]]:
    """Keys by the group that they are in."""
    ordered = sorted(keys, key=slots.of)
    return {group: list(found) for group, found in groupby(ordered, key=slots.of)}
