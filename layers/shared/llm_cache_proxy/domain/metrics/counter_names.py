"""The names of the counters, and what each event adds to them.

Counters are few and bounded: results, failed requests by status, refused
ones by status and cause, errors by kind, vetoes by rule, and tokens by model, whose
names `CountedModels` bounds. The store's script writes the same names.
"""

from bisect import bisect_left

from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.metrics.similarities import similarity_count
from llm_cache_proxy.domain.requests.reasons import NOTHING_READ, Result

EXACT_HITS = "exact_hits"
SEMANTIC_HITS = "semantic_hits"
MISSES = "misses"
BYPASSES = "bypasses"
STALE = "stale"
COALESCED = "coalesced"
ERROR = "error"
REFUSED = "refused"

NOT_READ = "not_read"
"""Misses that were not looked up, by the client's headers: they could not have been hits."""

RESULTS = (EXACT_HITS, SEMANTIC_HITS, MISSES, BYPASSES, STALE, COALESCED, ERROR, REFUSED)
"""Every request counts under one of these."""

RESULT_COUNTERS: dict[str, str] = {
    Result.HIT_EXACT: EXACT_HITS,
    Result.HIT_SEMANTIC: SEMANTIC_HITS,
    Result.MISS: MISSES,
    Result.BYPASS: BYPASSES,
    Result.STALE: STALE,
    Result.COALESCED: COALESCED,
    Result.ERROR: ERROR,
    Result.REFUSED: REFUSED,
}


def hit_counts(tier: str, model: str, prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """What a hit in `tier` (EXACT_HITS or SEMANTIC_HITS) adds: the result, and tokens saved."""
    return {
        tier: 1,
        f"model:{model}:hits": 1,
        f"model:{model}:prompt_saved": prompt_tokens,
        f"model:{model}:completion_saved": completion_tokens,
    }


def item_hit_counts(model: str, items: int, prompt_tokens: int) -> dict[str, int]:
    """What stored items of a batch add, whatever becomes of the others: no result."""
    return {f"model:{model}:hits": items, f"model:{model}:prompt_saved": prompt_tokens}


def item_miss_counts(model: str, items: int, prompt_tokens: int) -> dict[str, int]:
    """What an upstream's answer to the other items of a batch adds besides the result."""
    return {upstream_answers(model): items, f"model:{model}:prompt_used": prompt_tokens}


def upstream_answers(model: str) -> str:
    """The counter of the upstream's answers of `model`."""
    return f"model:{model}:misses"


def miss_counts(model: str, prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """What an answer from the upstream adds: the result, and tokens used."""
    return {
        MISSES: 1,
        upstream_answers(model): 1,
        f"model:{model}:prompt_used": prompt_tokens,
        f"model:{model}:completion_used": completion_tokens,
    }


def failure_count(status: int) -> dict[str, int]:
    """What a request that ended in ERROR adds besides the result."""
    return {f"failure:{status}": 1}


def refusal_count(status: int, cause: str) -> dict[str, int]:
    """What a request that ended in REFUSED adds besides the result; `cause` is our error's code."""
    return {f"refusal:{status}:{cause}": 1}


def error_count(kind: str) -> dict[str, int]:
    """What an error of `kind` adds."""
    return {f"error:{kind}": 1}


WRITE_REFUSED = "write_refused"
"""The kind of error where a store that is full or read-only took no entry."""


def trip_count(tier: str) -> dict[str, int]:
    """What a breaker that opens adds."""
    return {f"trip:{tier}": 1}


def veto_count(rule: str) -> dict[str, int]:
    """What a veto of the guard's `rule` adds."""
    return {f"veto:{rule}": 1}


def unproved_counts(forms: Forms) -> dict[str, int]:
    """What an entry adds that does not have every form: one that is not proved by what came."""
    lacking = {"json": not forms.json, "stream": not forms.sse}
    return {f"unproved:{form}": 1 for form, lacks in lacking.items() if lacks}


VERIFIER_APPROVED = "verifier:approved"
VERIFIER_REFUSED = "verifier:refused"
VERIFIER_FAILED = "verifier:failed"
VERIFIER_COST = "verifier:nano_dollars"


def ruling_counts(
    model: str, prompt_tokens: int, completion_tokens: int, *, approved: bool, nano_dollars: int
) -> dict[str, int]:
    """What a verifier's ruling adds: the ruling, and its tokens and cost where a model gave it."""
    counts = {VERIFIER_APPROVED if approved else VERIFIER_REFUSED: 1}
    if model:
        counts[f"model:{model}:prompt_used"] = prompt_tokens
        counts[f"model:{model}:completion_used"] = completion_tokens
        counts[VERIFIER_COST] = nano_dollars
    return counts


def embedding_counts(tokens: int, nano_dollars: int | None) -> dict[str, int]:
    """One call to an embedder that is paid for; without dollars its price is unknown."""
    return {
        "embedding:calls": 1,
        "embedding:tokens": tokens,
        "embedding:nano_dollars": nano_dollars or 0,
        "embedding:unpriced_tokens": tokens if nano_dollars is None else 0,
    }


SHADOW_RIGHT = "shadow:right"
SHADOW_WRONG = "shadow:wrong"
SHADOW_FAILED = "shadow:failed"
SHADOW_RAISED = "shadow:threshold_raised"


def sample_counts(*, wrong: bool) -> dict[str, int]:
    """What a shadow sample adds."""
    return {SHADOW_WRONG if wrong else SHADOW_RIGHT: 1}


def shadow_call_counts(model: str, prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """What a sample's answer adds: it was paid for, and is no request's result."""
    counts = miss_counts(model, prompt_tokens, completion_tokens)
    del counts[MISSES]
    return counts


STEPS = 14
"""Buckets to a power of two: 2 ** (1 / 14) is 1.0507."""

_LOWEST_POWER, _HIGHEST_POWER = -4, 19
"""Of two, in milliseconds: from 62 microseconds to nearly nine minutes."""

EDGES_MS = tuple(
    2.0 ** (_LOWEST_POWER + step / STEPS)
    for step in range((_HIGHEST_POWER - _LOWEST_POWER) * STEPS + 1)
)
"""Upper bounds of the buckets in milliseconds, each included; above the last comes one more."""

SUM = "sum_us"
"""What stands in a counter's name for the sum in microseconds; a bucket has `b` and its number."""

LATENCY_PREFIX = "latency:"


def latency_counts(result: str, milliseconds: float) -> dict[str, int]:
    """What an answer adds: one in its bucket, and its microseconds.

    `result` is the value of `x-cache`, so that `HIT-EXACT` counts in
    `latency:hit_exact:b<number>` and `latency:hit_exact:sum_us`.
    """
    tier = result.lower().replace("-", "_")
    spent = max(0.0, milliseconds)
    bucket = bisect_left(EDGES_MS, spent)
    prefix = f"{LATENCY_PREFIX}{tier}"
    # Rounded down, so that a mean is never above the largest value.
    return {f"{prefix}:b{bucket}": 1, f"{prefix}:{SUM}": int(spent * 1000)}


def negated(counts: dict[str, int]) -> dict[str, int]:
    """What takes `counts` back."""
    return {name: -amount for name, amount in counts.items()}


def merged(*parts: dict[str, int]) -> dict[str, int]:
    """The sum of several additions."""
    total: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total


def result_counts(
    result: str, reason: str, *, status: int, latency_ms: float, similarity: float | None
) -> dict[str, int]:
    """What a request adds, its tokens, vetoes and failures left out; `result` is a Result."""
    counts = {RESULT_COUNTERS[result]: 1}
    if result == Result.ERROR:
        counts |= failure_count(status)
    elif result == Result.REFUSED:
        counts |= refusal_count(status, reason.partition(":")[2])
    elif result == Result.MISS and reason in NOTHING_READ:
        counts |= {NOT_READ: 1}
    if result != Result.REFUSED:  # which takes no time worth telling
        counts |= latency_counts(result, latency_ms)
    if similarity is not None:
        counts |= similarity_count(similarity, result, reason)
    return counts
