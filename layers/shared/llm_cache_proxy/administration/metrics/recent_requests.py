"""The lines that the exact tier keeps of recent requests, over all tenants.

Decides how far back is read. Never guesses at a line that makes no sense: it is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.json_text import JsonObject, object_or_none
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin

MOST_SHOWN = 20
"""Lines beside the figures."""
_MOST_TENANTS = 50
"""Whose newest requests are read: one call to the store each, every five seconds."""
_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class RecentRequests:
    """Reads the lines that `pipeline.recording.request_events` wrote."""

    exact: ExactAdmin

    async def newest(self, tenants: Sequence[str]) -> list[JsonObject]:
        """The newest few lines of these tenants, newest first. Raises ExactStoreUnavailable."""
        lines: list[JsonObject] = []
        for tenant in tenants[:_MOST_TENANTS]:
            lines += _parsed(await self.exact.recent(tenant, 0, MOST_SHOWN))
        return sorted(lines, key=order)[:MOST_SHOWN]

    async def since(self, tenants: Sequence[str], start: float) -> list[JsonObject]:
        """Every line of these tenants that is kept and not older than `start`, newest first."""
        lines: dict[object, JsonObject] = {}
        for tenant in tenants:
            for line in await self._of_tenant(tenant, start):
                lines[line.get("request_id") or id(line)] = line
        return sorted(lines.values(), key=order)

    async def _of_tenant(self, tenant: str, start: float) -> list[JsonObject]:
        """Read on while a piece holds anything young enough: lines are ordered by their end."""
        found: list[JsonObject] = []
        skip = 0
        while True:
            texts = await self.exact.recent(tenant, skip, _AT_ONCE)
            young = [line for line in _parsed(texts) if time_of(line) >= start]
            found += young
            skip += _AT_ONCE
            if len(texts) < _AT_ONCE or not young:
                return found


def time_of(line: JsonObject) -> float:
    """When the request came, in Unix seconds; 0 where the line does not tell."""
    time = line.get("time")
    return float(time) if isinstance(time, int | float) else 0.0


def order(line: JsonObject) -> tuple[float, str]:
    """What lines are sorted by: newest first, and always the same way."""
    return (-time_of(line), str(line.get("request_id", "")))


def _parsed(texts: Sequence[str]) -> list[JsonObject]:
    return [line for text in texts if (line := _line(text)) is not None]


def _line(text: str) -> JsonObject | None:
    line = object_or_none(text)
    return line if line is not None and "result" in line else None
