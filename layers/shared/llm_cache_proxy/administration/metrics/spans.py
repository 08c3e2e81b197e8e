"""Spans of time that people look at, cut into equal steps.

Decides how wide a step is. No step is finer than the counter windows that a store still has.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from llm_cache_proxy.administration.metrics.counters import DAY_SECONDS, HOUR_SECONDS
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.ports.exact_store.admin import CounterWindow

_FINE_SECONDS = 300
RANGES: Mapping[str, tuple[int, int]] = {
    "hour": (_FINE_SECONDS, 12),
    "day": (HOUR_SECONDS, 24),
    "week": (DAY_SECONDS, 7),
    "month": (DAY_SECONDS, 30),
}
"""Seconds a step and how many, up to the present one."""

CUSTOM = "custom"
_MOST_STEPS = 60
_FINE_STEPS = 24


@dataclass(frozen=True, slots=True)
class Span:
    """`steps` equal steps from `start` (Unix seconds), under the name it was asked for by."""

    name: str
    start: int
    step_seconds: int
    steps: int

    @classmethod
    def up_to(cls, now: float, name: str) -> Self:
        """The span of that name, whose last step is the present one."""
        if name not in RANGES:
            names = ", ".join((*RANGES, CUSTOM))
            raise InvalidRequest(f"'range' must be one of {names}.", param="range")
        step_seconds, steps = RANGES[name]
        return cls(name, (int(now) // step_seconds - steps + 1) * step_seconds, step_seconds, steps)

    @classmethod
    def between(cls, now: float, since: int | None, until: int | None) -> Self:
        """The span that holds `since` and `until`; where that is too much, the end of it."""
        if since is None or until is None or since >= until:
            message = "A custom range needs 'since' and a later 'until', in Unix seconds."
            raise InvalidRequest(message, param="since")
        step_seconds = _step_seconds(now, since, until)
        start, end = since // step_seconds, math.ceil(until / step_seconds)
        steps = min(end - start, _MOST_STEPS)
        return cls(CUSTOM, (end - steps) * step_seconds, step_seconds, steps)

    @property
    def end(self) -> int:
        """Where the last step ends."""
        return self.start + self.steps * self.step_seconds

    def pieces(self, windows: Sequence[CounterWindow]) -> list[list[Mapping[str, int]]]:
        """The counts of each step; a window wider than a step belongs to none."""
        pieces: list[list[Mapping[str, int]]] = [[] for _ in range(self.steps)]
        for window in windows:
            place = (window.start - self.start) // self.step_seconds
            if 0 < window.seconds <= self.step_seconds and 0 <= place < self.steps:
                pieces[place].append(window.counts)
        return pieces


def _step_seconds(now: float, since: int, until: int) -> int:
    """Fine steps for a short time, hours for a day; what is older is kept by days alone."""
    if since < now - DAY_SECONDS or until - since > DAY_SECONDS + HOUR_SECONDS:
        return DAY_SECONDS
    return HOUR_SECONDS if until - since > _FINE_STEPS * _FINE_SECONDS else _FINE_SECONDS
