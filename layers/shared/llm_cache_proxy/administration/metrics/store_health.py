"""Whether the parts work, found out by using them, and how much the stores hold.

Never fails because a part does: that is what it reports.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from llm_cache_proxy.domain.errors import (
    CacheTierError,
    NoVectorStore,
    StoreRefusesWrites,
    UpstreamError,
)
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin
from llm_cache_proxy.ports.vector_store import VectorAdmin

Check = Callable[[], Awaitable[str | None]]
"""Uses a part as a request does; gives what an operator should know although it works."""

_KINDS = {NoVectorStore: "off", StoreRefusesWrites: "refuses_writes"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Reads and writes in both stores, and makes the checks of `others`, the other parts by name.

    Each has `longest_seconds`.
    """

    exact: ExactAdmin
    vectors: VectorAdmin
    clock: Clock
    longest_seconds: float = 3.0
    others: Mapping[str, Check] = field(default_factory=dict)

    async def health(self) -> JsonObject:
        """`ok` where every part that there is works, else `degraded`; why; and each one's state.

        A part is `ok`, `degraded` (it works, and its message says what the problem is),
        `refuses_writes`, `unavailable` or `off`. A semantic tier that was never configured is
        `off`, which is no fault.
        """
        checks = {"exact": self.exact.check, "semantic": self.vectors.check, **self.others}
        states = await asyncio.gather(*map(self._state, checks.values()))
        parts = dict(zip(checks, states, strict=True))
        problem = {name: one for name, one in parts.items() if one["status"] not in {"ok", "off"}}
        return {
            "status": "degraded" if problem else "ok",
            "reasons": [f"{name}: {one['message']}" for name, one in problem.items()],
            "parts": parts,
        }

    async def entries(self, tenants: Sequence[str]) -> JsonObject:
        """Entries by tier over `tenants`; None for a tier that does not answer."""
        exact, semantic = await asyncio.gather(
            self._summed(self.exact.count_entries, tenants),
            self._summed(self.vectors.count_entries, tenants),
        )
        return {"exact": exact, "semantic": semantic}

    async def _state(self, check: Check) -> JsonObject:
        begun = self.clock.monotonic()
        try:
            async with asyncio.timeout(self.longest_seconds):
                remark = await check()
        except TimeoutError:
            return _amiss("unavailable", f"no answer within {self.longest_seconds:g} s")
        except (CacheTierError, UpstreamError) as exc:
            kinds = (kind for error, kind in _KINDS.items() if isinstance(exc, error))
            return _amiss(next(kinds, "unavailable"), str(exc))
        except Exception as exc:  # noqa: BLE001 - whatever a part's client raises is its state
            _log.exception("a health check failed in an unforeseen way")
            return _amiss("unavailable", type(exc).__name__)
        if remark is not None:
            return _amiss("degraded", remark)
        spent = (self.clock.monotonic() - begun) * 1000
        return {"status": "ok", "milliseconds": round(spent, 3)}

    async def _summed(
        self, count: Callable[[str], Awaitable[int]], tenants: Sequence[str]
    ) -> int | None:
        try:
            async with asyncio.timeout(self.longest_seconds):
                return sum([await count(tenant) for tenant in tenants])
        except (CacheTierError, TimeoutError):
            return None


def _amiss(status: str, message: str) -> JsonObject:
    return {"status": status, "message": message}
