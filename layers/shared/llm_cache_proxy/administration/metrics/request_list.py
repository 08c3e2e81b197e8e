"""The recent requests as operators look through them: filtered, added up, and in pages.

Decides what a filter means. Figures are of the lines that are kept, and say since when they are
whole.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import known_tenants
from llm_cache_proxy.administration.metrics.recent_requests import RecentRequests, order, time_of
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.reasons import MEANINGS, NOTHING_READ, Result
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin

_MOST_AT_ONCE = 200
_MOST_CHOICES = 100
_LONGEST_SECONDS = 10**10
_SEARCHED = ("request_id", "correlation_id", "entry", "reason", "model", "key", "prompt")
_HITS = frozenset({Result.HIT_EXACT, Result.HIT_SEMANTIC})
_SAVING = frozenset({*_HITS, Result.STALE, Result.COALESCED})


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests: of a model, a key and a result, from `start` to `end` in Unix seconds.

    `search` is looked for in the ids, the reason, the names and the prompt, whatever its case.
    """

    model: str | None
    key: str | None
    result: str | None
    search: str
    start: float
    end: float

    def has(self, line: JsonObject) -> bool:
        """Whether the line is of one of them."""
        named = {"model": self.model, "key": self.key, "result": self.result}
        return (
            self.start <= time_of(line) < self.end
            and all(value is None or line.get(name) == value for name, value in named.items())
            and any(self.search in str(line.get(name, "")).lower() for name in _SEARCHED)
        )


@dataclass(frozen=True, slots=True)
class RequestList:
    """Reads the lines; one call to the store for each tenant and a few hundred lines."""

    exact: ExactAdmin
    clock: Clock

    async def list(self, fields: Fields) -> JsonObject:
        """A page of requests, newest first, and the figures of all that were chosen."""
        tenant = fields.text("tenant")
        chosen = _chosen(fields, self.clock.now())
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


def figures(lines: Sequence[JsonObject]) -> JsonObject:
    """What the requests add up to; the hit rate is None where nothing could have been hit."""
    results = Counter(str(line["result"]) for line in lines)
    not_read = sum(line.get("reason") in NOTHING_READ for line in lines)
    hits = sum(results[result] for result in _HITS)
    could_have_hit = hits + results[Result.MISS] - not_read
    saving = [line for line in lines if line["result"] in _SAVING]
    using = [line for line in lines if line["result"] not in _SAVING]
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


def _chosen(fields: Fields, now: float) -> RequestFilter:
    last = fields.integer("last_seconds", least=1, most=_LONGEST_SECONDS)
    since = fields.integer("since", least=0, most=_LONGEST_SECONDS)
    until = fields.integer("until", least=0, most=_LONGEST_SECONDS)
    if last is not None and (since, until) != (None, None):
        raise InvalidRequest("Give 'last_seconds', or 'since' and 'until'.", param="last_seconds")
    result = fields.text("result")
    if result is not None and result not in set(Result):
        raise InvalidRequest(f"'result' must be one of {', '.join(Result)}.", param="result")
    return RequestFilter(
        model=fields.text("model"),
        key=fields.text("key"),
        result=result,
        search=(fields.text("search") or "").lower(),
        start=now - last if last is not None else since or 0,
        end=float("inf") if until is None else until,
    )


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
