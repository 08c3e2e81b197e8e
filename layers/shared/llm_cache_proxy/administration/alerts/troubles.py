"""What can be wrong with a running proxy, each kind looked for in its own way.

Never fails: what cannot be found out is no trouble, or is the one that was last found.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import chain
from typing import cast

from llm_cache_proxy.administration.alerts.alerts import Troubles
from llm_cache_proxy.administration.metrics.counters import DAY_SECONDS, Counters, over
from llm_cache_proxy.administration.metrics.report import Breakers
from llm_cache_proxy.domain.client_keys.refusals import QUOTA
from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_totals import tally
from llm_cache_proxy.domain.metrics.intervals import wilson_interval
from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.ports.clock import Clock

_NO_TROUBLE = frozenset({"ok", "off", "degraded"})
_PART_OF_BREAKER = {"search": "semantic", "embed": "embedder"}
"""The part of the verdict that speaks of a breaker's."""
_IN_A_ROW = 3
_REFUSED_SECONDS = 900.0
_MOST_TENANTS = 100
_OPERATOR_FAILURES = ("upstream", "upstream_stream", "upstream_401", "upstream_402", "upstream_403")
"""Failures of the upstream that no client has caused; so is each status from 500 on."""


@dataclass(frozen=True, slots=True)
class PartTroubles:
    """Parts that the health's verdict names as failing, and others whose breaker is open."""

    verdict: Callable[[], Awaitable[JsonObject]]
    breakers: Breakers

    async def __call__(self) -> Troubles:
        """The parts that are away."""
        parts = cast("dict[str, JsonObject]", (await self.verdict())["parts"])
        found = {
            f"part {name}": f"{name} {str(part['status']).replace('_', ' ')}: {part['message']}"
            for name, part in parts.items()
            if part["status"] not in _NO_TROUBLE
        }
        # A breaker closes with the next request that is served: what is checked says more.
        for name, state in self.breakers().items():
            if state == "open" and _PART_OF_BREAKER.get(name, name) not in parts:
                found[f"breaker {name}"] = f"the {name} part fails and is left alone"
        return found


@dataclass(frozen=True, slots=True)
class DiskTrouble:
    """A disk without room; `shortage` says what is missing."""

    shortage: Callable[[], str | None]

    async def __call__(self) -> Troubles:
        """The shortage, if there is one."""
        found = self.shortage()
        return {} if found is None else {"disk": f"nothing is stored any more: {found}"}


@dataclass(slots=True)
class WrongShareTrouble:
    """Samples of the last day that show more wrong hits than `most`."""

    counters: Counters
    clock: Clock
    most: float
    _last: Troubles = field(default_factory=dict)

    async def __call__(self) -> Troubles:
        """Whether it is more, with 95 % confidence."""
        try:
            windows = await self.counters.by_tenant(None)
        except CacheTierError:
            return self._last
        counted = list(chain.from_iterable(windows.values()))
        samples = tally(over(counted, self.clock.now(), DAY_SECONDS)).samples
        wrong, right = samples.get("wrong", 0), samples.get("right", 0)
        interval = wilson_interval(wrong, wrong + right)
        self._last = {}
        if interval is not None and interval[0] > self.most:
            self._last = {
                "wrong share": f"{wrong} of {wrong + right} sampled semantic hits were wrong, "
                f"more than the {self.most:.0%} that are allowed"
            }
        return self._last


@dataclass(slots=True)
class RequestTroubles:
    """A `RequestSink` that finds troubles in what became of requests: the upstream's, and budgets'.

    The upstream is in trouble once several answers in a row have failed, until one comes.
    """

    clock: Clock
    _failures: int = 0
    _refused: dict[str, float] = field(default_factory=dict)

    def write(self, served: RequestEvent) -> None:
        """Take note of the request."""
        if any(_is_ours(kind) for kind in served.failures):
            self._failures += 1
        elif served.result in {Result.MISS, Result.BYPASS}:
            self._failures = 0
        if served.reason.endswith(f":{QUOTA}") and served.tenant is not None:
            if len(self._refused) >= _MOST_TENANTS:
                self._refused.pop(next(iter(self._refused)))
            self._refused[served.tenant] = self.clock.monotonic()

    def close(self) -> None:
        """Nothing is kept."""

    async def __call__(self) -> Troubles:
        """What is in trouble."""
        found = {}
        if self._failures >= _IN_A_ROW:
            found["upstream"] = f"the upstream has failed {self._failures} times in a row"
        since = self.clock.monotonic() - _REFUSED_SECONDS
        self._refused = {name: at for name, at in self._refused.items() if at > since}
        for tenant in self._refused:
            found[f"budget {tenant}"] = f"tenant '{tenant}' has used up a key's budget"
        return found


def _is_ours(kind: str) -> bool:
    return kind in _OPERATOR_FAILURES or kind.startswith("upstream_5")
