"""Everyone in this process who waits for one answer: one looks for it, all get what it finds."""

import asyncio
from dataclasses import dataclass, field

from llm_cache_proxy.domain.entries.shared_answer import LeaderResult
from llm_cache_proxy.ports.lease_store import FoundSemantically, NoLease


@dataclass(slots=True)
class WaiterGroup:
    """`turn` is held by whoever leads or polls; `landing` is there once the answer is."""

    place: tuple[str, str]
    token: int
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    landing: LeaderResult | FoundSemantically | NoLease | None = None
    waiting: int = 0


class LocalWaiters:
    """The flights under way, by tenant and flight; gone when nobody leads or waits."""

    def __init__(self) -> None:
        self._flights: dict[tuple[str, str], WaiterGroup] = {}

    async def led(self, place: tuple[str, str], token: int) -> WaiterGroup:
        """A flight of this token, its turn in the caller's hands."""
        # A new one: a turn that was just given up may be on its way to somebody who waits for it.
        flight = self._flights[place] = WaiterGroup(place, token)
        await flight.turn.acquire()
        return flight

    def joined(self, place: tuple[str, str], token: int) -> WaiterGroup:
        """The flight in which a follower of `token` waits; it is to be left."""
        flight = self._flights.get(place)
        if flight is None or (flight.landing is not None and flight.token != token):
            flight = self._flights[place] = WaiterGroup(place, token)
        flight.waiting += 1
        return flight

    def left(self, flight: WaiterGroup) -> None:
        """A follower waits no more."""
        flight.waiting -= 1
        self._forget_idle(flight)

    def landed(self, flight: WaiterGroup, landing: LeaderResult | None) -> None:
        """The leader is done, and gives its turn up."""
        flight.landing = landing
        flight.turn.release()
        self._forget_idle(flight)

    def _forget_idle(self, flight: WaiterGroup) -> None:
        idle = flight.waiting <= 0 and not flight.turn.locked()
        if idle and self._flights.get(flight.place) is flight:
            del self._flights[flight.place]
