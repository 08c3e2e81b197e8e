"""The requests of this process that wait for one answer: one of them polls for all."""

import asyncio
from dataclasses import dataclass, field

from llm_cache_proxy.domain.entries.shared_answer import LeaderResult
from llm_cache_proxy.ports.lease_store import FoundSemantically, NoLease


@dataclass(slots=True)
class WaiterGroup:
    """`turn` is held by whoever leads or polls; `result` is there once the answer is."""

    place: tuple[str, str]
    token: int
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    result: LeaderResult | FoundSemantically | NoLease | None = None
    waiting: int = 0


class LocalWaiters:
    """The groups of waiters, by tenant and flight; one without leader and waiters is removed."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], WaiterGroup] = {}

    async def led(self, place: tuple[str, str], token: int) -> WaiterGroup:
        """A group of this token, its turn in the caller's hands."""
        # A new one: a turn that was just given up may be on its way to somebody who waits for it.
        group = self._groups[place] = WaiterGroup(place, token)
        await group.turn.acquire()
        return group

    def joined(self, place: tuple[str, str], token: int) -> WaiterGroup:
        """The group in which a follower of `token` waits; it is to be left."""
        group = self._groups.get(place)
        if group is None or (group.result is not None and group.token != token):
            group = self._groups[place] = WaiterGroup(place, token)
        group.waiting += 1
        return group

    def left(self, group: WaiterGroup) -> None:
        """A follower waits no more."""
        group.waiting -= 1
        self._forget_idle(group)

    def finished(self, group: WaiterGroup, result: LeaderResult | None) -> None:
        """The leader is done, and gives its turn up."""
        group.result = result
        group.turn.release()
        self._forget_idle(group)

    def _forget_idle(self, group: WaiterGroup) -> None:
        idle = group.waiting <= 0 and not group.turn.locked()
        if idle and self._groups.get(group.place) is group:
            del self._groups[group.place]
