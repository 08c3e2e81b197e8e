"""The boundary where cache trouble becomes a miss: a deadline, a breaker, a count, a log line.

The breaker trips at the first timeout, since each costs a whole deadline, or at several errors in a
row, which cost little. One probe is let through after the rest; what it finds decides.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.domain.metrics.counter_names import trip_count
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.clock import Clock

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Breaker:
    """Closed, open until a time, or half-open with one probe out; times are monotonic seconds."""

    rest_seconds: float = 2.0
    errors_to_trip: int = 3
    _errors: int = 0
    _open_until: float | None = None
    _probing_until: float = 0.0

    def allows(self, now: float) -> bool:
        """Whether a call may be made at `now`; while open, a yes is the one probe."""
        if self._open_until is None:
            return True
        if now < self._open_until or now < self._probing_until:
            return False
        self._probing_until = now + self.rest_seconds
        return True

    def succeeded(self) -> None:
        """The part answered: calls are free again."""
        self._errors = 0
        self._open_until = None
        self._probing_until = 0.0

    def failed(self, now: float, *, timed_out: bool) -> None:
        """The part did not answer, or not sensibly."""
        self._errors += 1
        if timed_out or self._open_until is not None or self._errors >= self.errors_to_trip:
            self._open_until = now + self.rest_seconds
            self._probing_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the part counts as away."""
        return self._open_until is not None


class Dependency:
    """One part of the cache: asked within `deadline_seconds`, left alone while it is away."""

    def __init__(self, name: str, deadline_seconds: float, clock: Clock, breaker: Breaker) -> None:
        self.name = name
        self._deadline_seconds = deadline_seconds
        self._clock = clock
        self.breaker = breaker

    def apart(self) -> "Dependency":
        """The same dependency with a breaker of its own, for calls that say little about others."""
        return Dependency(self.name, self._deadline_seconds, self._clock, Breaker())

    async def attempt(self, state: RequestState, step: Callable[[], Awaitable[T]]) -> T | None:
        """The result of `step`; None if it failed, came too late, or was not tried."""
        if not self.breaker.allows(self._clock.monotonic()):
            state.failed(self.name)
            return None
        start = time.perf_counter()
        try:
            async with asyncio.timeout(self._deadline_seconds):
                value = await step()
        except (CacheTierError, TimeoutError) as exc:
            self._failed(state, exc)
            return None
        except Exception as exc:  # noqa: BLE001 - see below
            # The one broad except: an unforeseen fault of a store's client is no reason to fail a
            # request that the upstream can answer.
            _log.exception("unforeseen failure of the %s tier", self.name)
            self._failed(state, exc)
            return None
        finally:
            spent = (time.perf_counter() - start) * 1000
            state.timings[self.name] = state.timings.get(self.name, 0.0) + spent
        self.breaker.succeeded()
        return value

    def _failed(self, state: RequestState, exc: Exception) -> None:
        timed_out = isinstance(exc, TimeoutError) or isinstance(exc.__cause__, TimeoutError)
        was_open = self.breaker.is_open
        self.breaker.failed(self._clock.monotonic(), timed_out=timed_out)
        state.failed(self.name)
        if self.breaker.is_open and not was_open:
            state.counts.add(trip_count(self.name))
        _log.warning("the %s tier failed: %s", self.name, exc or type(exc).__name__)
