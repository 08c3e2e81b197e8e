"""What the dashboard draws of one model's or one key's requests: from the lines that are kept.

Counters know tenants and times, and not whose key a request had: a counter for each model, key and
step of time would grow without bound. The ring of lines does not, and says how much of the time
it still holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.administration.metrics.drawing import drawn
from llm_cache_proxy.administration.metrics.recent_requests import (
    MOST_SHOWN,
    RecentRequests,
    time_of,
)
from llm_cache_proxy.administration.metrics.request_filter import RequestFilter
from llm_cache_proxy.administration.metrics.spans import Span
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.line_counts import line_counts
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.ports.exact_store.admin import CounterWindow, ExactAdmin


@dataclass(frozen=True, slots=True)
class KeptRequests:
    """Reads the ring of each tenant; figures have the shape of those from counters."""

    exact: ExactAdmin
    prices: PriceList

    async def dashboard(
        self, span: Span, tenants: Sequence[str], *, model: str | None, key: str | None
    ) -> JsonObject:
        """The span's figures and newest lines of a model, a key, or both.

        `kept` is how many requests of the span, of every model and key, they were chosen from.
        """
        chosen = RequestFilter(self.prices.own_name, span.start, span.end, model, key)
        lines = await RecentRequests(self.exact).since(tenants, span.start)
        found = [line for line in lines if chosen.has(line)]
        return {
            **drawn([self._window(line) for line in found], span, self.prices),
            "recent": found[:MOST_SHOWN],
            "kept": sum(map(chosen.covers, lines)),
        }

    def _window(self, line: JsonObject) -> CounterWindow:
        counts = line_counts(line, self.prices.own_name)
        return CounterWindow(str(line.get("tenant", "")), int(time_of(line)), 1, counts)
