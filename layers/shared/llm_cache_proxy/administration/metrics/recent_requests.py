"""The last decisions over all tenants, as the dashboard shows them.

Decides how many. Never guesses at a line that makes no sense: it is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.json_text import JsonObject, object_or_none
from llm_cache_proxy.ports.exact_admin import ExactAdmin

_MOST_SHOWN = 20
_MOST_TENANTS = 50
"""Whose decisions are read: one call to the store each, every five seconds."""


@dataclass(frozen=True, slots=True)
class RecentRequests:
    """Reads the lines that `pipeline.recording.request_events` wrote."""

    exact: ExactAdmin

    async def decisions(self, tenants: Sequence[str]) -> list[JsonObject]:
        """The newest lines of these tenants, newest first. Raises ExactStoreUnavailable."""
        lines: list[JsonObject] = []
        for tenant in tenants[:_MOST_TENANTS]:
            lines += [line for text in await self.exact.recent(tenant) if (line := _parsed(text))]
        return sorted(lines, key=lambda line: -_time(line))[:_MOST_SHOWN]


def _parsed(text: str) -> JsonObject | None:
    line = object_or_none(text)
    return line if line is not None and "result" in line else None


def _time(line: JsonObject) -> float:
    time = line.get("time")
    return float(time) if isinstance(time, int | float) else 0.0
