"""Several upstreams as one: which is called, how often, and which next.

Never calls again once a byte of an answer is here, and never waits past the deadline.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from llm_cache_proxy.adapters.upstream.model_list import ModelList
from llm_cache_proxy.domain.errors import UpstreamError, UpstreamUnreachable
from llm_cache_proxy.domain.upstreams.config import (
    UpstreamConfig,
    candidates,
    of_kind,
)
from llm_cache_proxy.domain.upstreams.providers import for_own_key, without_model
from llm_cache_proxy.domain.upstreams.retry import (
    RetryPolicy,
    backoff_seconds,
    repeatable,
    requested_wait_seconds,
    worth_another_route,
    worth_repeating,
)
from llm_cache_proxy.ports.upstream import Route, UpstreamCall, UpstreamReply

Outcome = UpstreamReply | UpstreamError
_A_FAULT_OF_THEIRS = 500
_LONGEST_REMEMBERED = 200
"""Characters of a model's name and a path; a client may send any."""
_log = logging.getLogger(__name__)


class PooledUpstream(Protocol):
    """One upstream of the pool; `OpenAIUpstream` is one."""

    config: UpstreamConfig

    async def send(self, call: UpstreamCall, *, within_seconds: float = ...) -> UpstreamReply:
        """One attempt within the time that is left."""
        ...

    async def listed_models(self) -> list[dict[str, object]] | UpstreamError:
        """The upstream's own list, or why it cannot be had."""
        ...

    def configured_models(self) -> list[dict[str, object]]:
        """The models that are configured, without a call."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True, slots=True)
class Timing:
    """Clock, sleep and random source, injectable."""

    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    fraction: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


@dataclass(slots=True)
class _Attempts:
    """The attempts of one call so far, and when they must end."""

    ends_at: float
    attempts: int = 0


class UpstreamPool:
    """The configured upstreams in order of preference.

    `deadline_seconds` covers all attempts and waits up to the first byte, and of an answer in one
    piece its last byte.
    """

    def __init__(
        self,
        members: Sequence[PooledUpstream],
        *,
        retry: RetryPolicy | None = None,
        deadline_seconds: float = 120.0,
        timing: Timing | None = None,
    ) -> None:
        self._members = {member.config.name: member for member in members}
        self._retry = retry or RetryPolicy()
        self._deadline_seconds = deadline_seconds
        self._timing = timing or Timing()
        self._models = ModelList(members, monotonic=self._timing.monotonic)
        self._failing: dict[str, str] = {}
        self._remembered = lru_cache(maxsize=1_000)(self._routes)

    def routes(self, model: str, path: str = "") -> Sequence[Route]:
        """Who can answer, as `domain.upstreams.config.candidates` orders them."""
        is_short = len(model) + len(path) <= _LONGEST_REMEMBERED
        return self._remembered(model, path) if is_short else self._routes(model, path)

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        """The first answer that is worth having; else the last one, or the last error raised.

        Raises InvalidRequest where nothing says which provider a client's own key is for.
        """
        attempts = _Attempts(self._timing.monotonic() + self._deadline_seconds)
        routes = call.routes or self._default_routes(call)
        if call.upstream_key is not None:  # it is for one provider's eyes
            routes = self._of_the_keys_provider(call, routes)[:1]
        outcome: Outcome = UpstreamUnreachable("No upstream serves this.", upstream="")
        for position, route in enumerate(routes, 1):
            outcome = await self._over(route, call, attempts, last=position == len(routes))
            if position == len(routes) or not self._go_on(call, outcome, attempts):
                break
            await _dropped(outcome)
        if isinstance(outcome, UpstreamError):
            raise outcome
        return replace(outcome, attempts=attempts.attempts)

    async def models(self) -> list[dict[str, object]]:
        """Every upstream's models, the first one's where two have the same id."""
        return await self._models.merged()

    def failing(self) -> Mapping[str, str]:
        """What the last call to an upstream met, of those where it was no answer of use."""
        return self._failing

    async def aclose(self) -> None:
        """Close every upstream's connections."""
        await asyncio.gather(*(member.aclose() for member in self._members.values()))

    def _routes(self, model: str, path: str) -> Sequence[Route]:
        configs = of_kind([member.config for member in self._members.values()], path)
        return tuple(Route(config.name, name) for config, name in candidates(configs, model))

    def _default_routes(self, call: UpstreamCall) -> Sequence[Route]:
        """For a request that names no model that is served."""
        configs = [member.config for member in self._members.values()]
        own_key = call.upstream_key is not None
        asked = without_model(configs, call.path, call.headers, own_key=own_key)
        return [Route(config.name, call.model or "") for config in asked]

    def _of_the_keys_provider(self, call: UpstreamCall, routes: Sequence[Route]) -> Sequence[Route]:
        """The routes as they are, unless they lead where the client's own key is a stranger's."""
        if not call.routes:
            return routes
        configs = [member.config for member in self._members.values()]
        serving = for_own_key(configs, call.model or "", call.path, call.headers)
        if routes[0].upstream in {config.name for config in serving}:
            return routes
        return [Route(config.name, name) for config, name in candidates(serving, call.model or "")]

    async def _over(
        self, route: Route, call: UpstreamCall, attempts: _Attempts, *, last: bool
    ) -> Outcome:
        """The outcome of one route, called as often as is worth it."""
        for attempt in range(1, self._retry.attempts + 1):
            outcome = await self._attempt(route, call, attempts)
            wait = self._wait_seconds(call, outcome, attempt)
            if wait is None or (wait > self._retry.max_backoff_seconds and not last):
                return outcome
            if self._timing.monotonic() + wait >= attempts.ends_at:
                return outcome
            await _dropped(outcome)
            await self._timing.sleep(wait)
        return outcome

    async def _attempt(self, route: Route, call: UpstreamCall, attempts: _Attempts) -> Outcome:
        member = self._members.get(route.upstream)
        if member is None:
            return UpstreamUnreachable(
                f"No upstream is called '{route.upstream}'.", upstream=route.upstream
            )
        attempts.attempts += 1
        left = max(0.0, attempts.ends_at - self._timing.monotonic())
        try:
            reply = await member.send(replace(call, routes=(route,)), within_seconds=left)
        except UpstreamError as exc:
            _log.warning("the upstream %s failed: %s", route.upstream, exc)
            self._failing[route.upstream] = f"failed: {exc}"
            return exc
        if reply.status >= _A_FAULT_OF_THEIRS:
            self._failing[route.upstream] = f"answered {reply.status}"
        else:
            self._failing.pop(route.upstream, None)
        return reply

    def _wait_seconds(self, call: UpstreamCall, outcome: Outcome, attempt: int) -> float | None:
        """Seconds until the same route is called again; None: not at all."""
        safe = repeatable(call.method, call.path)
        if attempt == self._retry.attempts:
            return None
        own = backoff_seconds(self._retry, attempt, self._timing.fraction())
        if isinstance(outcome, UpstreamError):
            # One that took its time has had its turn.
            return own if safe and isinstance(outcome, UpstreamUnreachable) else None
        if not worth_repeating(outcome.status, outcome.headers, safe=safe):
            return None
        return max(own, requested_wait_seconds(outcome.headers, self._timing.now()) or 0.0)

    def _go_on(self, call: UpstreamCall, outcome: Outcome, attempts: _Attempts) -> bool:
        """Whether the next route is called."""
        if self._timing.monotonic() >= attempts.ends_at:
            return False
        if isinstance(outcome, UpstreamError):
            return repeatable(call.method, call.path)
        return worth_another_route(outcome.status)


async def _dropped(outcome: Outcome) -> None:
    if isinstance(outcome, UpstreamReply):
        await outcome.body.aclose()
