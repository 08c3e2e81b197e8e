"""The boundary where cache trouble becomes a miss: a deadline, a breaker, a count, a log line."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.domain.metrics.counter_names import trip_count
from llm_cache_proxy.domain.upstreams.breaker import Breaker
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.clock import Clock

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Dependency:
    """One part of the cache: asked within `deadline_seconds`, left alone while it is away."""

    def __init__(self, name: str, deadline_seconds: float, clock: Clock, breaker: Breaker) -> None:
        self.name = name
        self._deadline_seconds = deadline_seconds
        self._clock = clock
        self.breaker = breaker

    async def attempt(self, state: RequestState, step: Callable[[], Awaitable[T]]) -> T | None:
        """What `step` gives, or None where it failed, came too late, or was not even tried."""
        if not self.breaker.allows(self._clock.monotonic()):
            state.failed(self.name)
            return None
        try:
            with state.timed(self.name):
                async with asyncio.timeout(self._deadline_seconds):
                    value = await step()
        except (CacheTierError, TimeoutError) as exc:
            self._failed(state, exc)
            return None
        except Exception as exc:  # noqa: BLE001 - see below
            # The one broad except: a fault of a store's client that nobody foresaw is still no
            # reason to fail a request that the upstream can answer.
            _log.exception("unforeseen failure of the %s tier", self.name)
            self._failed(state, exc)
            return None
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
