"""Recent requests for operators: filtered, summed, in pages.

Figures cover the kept lines only, and say since when these are complete.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import known_tenants
from llm_cache_proxy.administration.metrics.recent_requests import RecentRequests, order, time_of
from llm_cache_proxy.administration.metrics.request_filter import RequestFilter
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.line_counts import HITS, SAVING
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.requests.reasons import MEANINGS, NOTHING_READ, Result
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin

_MOST_AT_ONCE = 200
_MOST_CHOICES = 100
_LONGEST_SECONDS = 10**10


@dataclass(frozen=True, slots=True)
class RequestList:
    """Reads the lines; one call to the store for each tenant and a few hundred lines."""

    exact: ExactAdmin
    clock: Clock
    prices: PriceList

    async def list(self, fields: Fields) -> JsonObject:
        """A page of requests, newest first, and the figures of all that were chosen."""
        tenant = fields.text("tenant")
        chosen = self._chosen(fields)
        limit = fields.integer("limit", least=1, most=_MOST_AT_ONCE) or 50
        after = _place(fields.text("cursor"))
        fields.end()
        tenants = await known_tenants(self.exact, tenant)
        kept = await RecentRequests(self.exact).since(tenants, chosen.start)
        found = [line for line in kept if chosen.has(line)]
        left = [line for line in found if after is None or order(line) > after]
        page = left[:limit]
        return {
            "requests": page,
            "cursor": _cursor(page[-1]) if len(left) > limit else None,
            "figures": figures(found),
            "models": _choices(kept, "model"),
            "keys": _choices(kept, "key"),
            "meanings": _meanings(page),
            "kept_since": time_of(kept[-1]) if kept else None,
        }

    def _chosen(self, fields: Fields) -> RequestFilter:
        last = fields.integer("last_seconds", least=1, most=_LONGEST_SECONDS)
        since = fields.integer("since", least=0, most=_LONGEST_SECONDS)
        until = fields.integer("until", least=0, most=_LONGEST_SECONDS)
        if last is not None and (since, until) != (None, None):
            raise InvalidRequest(
                "Give 'last_seconds', or 'since' and 'until'.", param="last_seconds"
            )
        result = fields.text("result")
        if result is not None and result not in set(Result):
            raise InvalidRequest(f"'result' must be one of {', '.join(Result)}.", param="result")
        return RequestFilter(
            self.prices.own_name,
            start=self.clock.now() - last if last is not None else since or 0,
            end=float("inf") if until is None else until,
            model=fields.text("model"),
            key=fields.text("key"),
            result=result,
            search=(fields.text("search") or "").lower(),
        )


def figures(lines: Sequence[JsonObject]) -> JsonObject:
    """What the requests add up to; the hit rate is None where nothing could have been hit."""
    results = Counter(str(line["result"]) for line in lines)
    not_read = sum(line.get("reason") in NOTHING_READ for line in lines)
    hits = sum(results[result] for result in HITS)
    could_have_hit = hits + results[Result.MISS] - not_read
    saving = [line for line in lines if line["result"] in SAVING]
    using = [line for line in lines if line["result"] not in SAVING]
    return {
        "requests": len(lines),
        "results": dict(results),
        "not_read": not_read,
        "hit_rate": round(hits / could_have_hit, 6) if could_have_hit else None,
        "tokens_saved": sum(map(_tokens, saving)),
        "tokens_used": sum(map(_tokens, using)),
        "dollars_saved": _dollars(lines, "dollars_saved"),
        "dollars_spent": _dollars(lines, "dollars_spent"),
    }


def _choices(lines: Sequence[JsonObject], name: str) -> list[str]:
    """The values that there are to choose from, the most frequent if there are too many."""
    found = Counter(str(value) for line in lines if (value := line.get(name)))
    return sorted(value for value, _ in found.most_common(_MOST_CHOICES))


def _meanings(lines: Sequence[JsonObject]) -> dict[str, str]:
    """A sentence for each reason that the lines name."""
    words = {str(line.get("reason", "")).partition(":")[0] for line in lines}
    return {reason.value: said for reason, said in MEANINGS.items() if reason in words}


def _cursor(line: JsonObject) -> str:
    return f"{time_of(line)}/{line.get('request_id', '')}"


def _place(cursor: str | None) -> tuple[float, str] | None:
    """What the lines after a cursor are larger than."""
    if cursor is None:
        return None
    time, _, request_id = cursor.partition("/")
    try:
        return (-float(time), request_id)
    except ValueError:
        raise InvalidRequest(
            "'cursor' must be one that was given before.", param="cursor"
        ) from None


def _tokens(line: Mapping[str, object]) -> int:
    counts = (line.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return sum(count for count in counts if isinstance(count, int))


def _dollars(lines: Sequence[JsonObject], name: str) -> float:
    amounts = (line.get(name) for line in lines)
    return round(sum(amount for amount in amounts if isinstance(amount, int | float)), 9)
