"""How followers wait: of those in one process one polls for all, at the upstream's pace.

Each look at the store is a paid command: the first comes when the model's upstream is usually done,
the next ones further and further apart.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from llm_cache_proxy.domain.entries.shared_answer import LeaderResult
from llm_cache_proxy.ports.exact_store.leases import FoundSemantically, NoLease

UNKNOWN_SECONDS = 1.0
"""Expected of a model that this process has not called yet."""
_LEAST_SECONDS, _MOST_SECONDS = 0.05, 2.0
_SPREAD = 0.25
_GROWTH = 1.5
_KEPT = 20
_MOST_MODELS = 200


@dataclass(slots=True)
class WaiterGroup:
    """The leader, or the polling follower, holds `turn`; `result` is set with the answer."""

    flight_key: tuple[str, str]
    token: int
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    result: LeaderResult | FoundSemantically | NoLease | None = None
    waiting: int = 0


class LocalWaiters:
    """The groups of waiters, by tenant and flight; an unused group is removed."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], WaiterGroup] = {}

    async def start_group(self, flight_key: tuple[str, str], token: int) -> WaiterGroup:
        """A group for this token whose turn the caller holds."""
        # A new group: the old one's turn may be about to pass to one of its waiters.
        group = self._groups[flight_key] = WaiterGroup(flight_key, token)
        await group.turn.acquire()
        return group

    def join(self, flight_key: tuple[str, str], token: int) -> WaiterGroup:
        """The group in which a follower of `token` waits; the follower must leave it."""
        group = self._groups.get(flight_key)
        if group is None or (group.result is not None and group.token != token):
            group = self._groups[flight_key] = WaiterGroup(flight_key, token)
        group.waiting += 1
        return group

    def leave(self, group: WaiterGroup) -> None:
        """A follower waits no more."""
        group.waiting -= 1
        self._forget_idle(group)

    def finish(self, group: WaiterGroup, result: LeaderResult | None) -> None:
        """The leader is done; its turn is free."""
        group.result = result
        group.turn.release()
        self._forget_idle(group)

    def _forget_idle(self, group: WaiterGroup) -> None:
        idle = group.waiting <= 0 and not group.turn.locked()
        if idle and self._groups.get(group.flight_key) is group:
            del self._groups[group.flight_key]


class UpstreamPace:
    """The median of each model's last answer times, in seconds."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}

    def saw(self, model: str, seconds: float) -> None:
        """Remember one answer's time."""
        if model not in self._seen and len(self._seen) >= _MOST_MODELS:
            self._seen.pop(next(iter(self._seen)))
        self._seen.setdefault(model, deque(maxlen=_KEPT)).append(seconds)

    def expected_seconds(self, model: str) -> float:
        """How long an answer usually takes."""
        seen = sorted(self._seen.get(model, ()))
        if not seen:
            return UNKNOWN_SECONDS
        # Not by `statistics`: its fractions and decimals would be imported at every cold start.
        return (seen[(len(seen) - 1) // 2] + seen[len(seen) // 2]) / 2


def pauses(expected_seconds: float, age_seconds: float, fraction: float) -> Iterator[float]:
    """The waits before each look at a leader who began `age_seconds` ago, without end.

    The first lasts until the answer is due; later ones begin at a quarter of the usual time and
    grow by half. `fraction` in [0, 1) spreads those who wait: up to a quarter longer.
    """
    stretch = 1 + _SPREAD * fraction
    yield _bounded(expected_seconds - age_seconds, 30.0) * stretch
    pause = expected_seconds / 4
    while True:
        yield _bounded(pause, _MOST_SECONDS) * stretch
        pause *= _GROWTH


def _bounded(seconds: float, most: float) -> float:
    return min(most, max(_LEAST_SECONDS, seconds))
