"""Whether the stores answer, and how much they hold.

Never fails because a store does: that is what it reports.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.errors import CacheTierError, NoVectorStore
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_admin import ExactAdmin
from llm_cache_proxy.ports.vector_store import VectorAdmin


@dataclass(frozen=True, slots=True)
class StoreHealth:
    """Pings both stores; each has `longest_seconds` to answer."""

    exact: ExactAdmin
    vectors: VectorAdmin
    clock: Clock
    longest_seconds: float = 3.0

    async def health(self) -> JsonObject:
        """`ok` where every store that there is answers, else `degraded`; and each one's time.

        A semantic tier that was never configured is `off`, which is no fault.
        """
        exact, semantic = await asyncio.gather(
            self._ping(self.exact.ping), self._ping(self.vectors.ping)
        )
        fine = exact["status"] == "ok" and semantic["status"] in {"ok", "off"}
        return {
            "status": "ok" if fine else "degraded",
            "parts": {"exact": exact, "semantic": semantic},
        }

    async def entries(self, tenants: Sequence[str]) -> JsonObject:
        """Entries by tier over `tenants`; None for a tier that does not answer."""
        exact, semantic = await asyncio.gather(
            self._summed(self.exact.count_entries, tenants),
            self._summed(self.vectors.count_entries, tenants),
        )
        return {"exact": exact, "semantic": semantic}

    async def _ping(self, ping: Callable[[], Awaitable[None]]) -> JsonObject:
        begun = self.clock.monotonic()
        try:
            async with asyncio.timeout(self.longest_seconds):
                await ping()
        except TimeoutError:
            return {
                "status": "unavailable",
                "message": f"no answer within {self.longest_seconds:g} s",
            }
        except NoVectorStore as exc:
            return {"status": "off", "message": str(exc)}
        except CacheTierError as exc:
            return {"status": "unavailable", "message": str(exc)}
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
