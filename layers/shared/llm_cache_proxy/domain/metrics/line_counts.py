"""What the counters got from one request, read again from its line in the log.

So figures of a few lines can be read as counters are. A line that is not whole adds what it tells.
"""

from collections.abc import Callable

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import (
    MISSES,
    RESULT_COUNTERS,
    error_count,
    hit_counts,
    merged,
    miss_counts,
    result_counts,
    upstream_answers,
    veto_count,
)
from llm_cache_proxy.domain.requests.reasons import Result

HITS = frozenset({Result.HIT_EXACT, Result.HIT_SEMANTIC})
SAVING = frozenset({*HITS, Result.STALE, Result.COALESCED})
"""Results whose tokens cost nothing."""


def line_counts(line: JsonObject, counted_name: Callable[[str], str]) -> dict[str, int]:
    """All that the request of a line in the log has added, its model under its counted name."""
    result, similarity = str(line.get("result")), line.get("similarity")
    if result not in RESULT_COUNTERS:
        return {}
    return merged(
        result_counts(
            result,
            str(line.get("reason", "")),
            status=int(_number(line.get("status"))),
            latency_ms=_number(line.get("latency_ms")),
            similarity=None if similarity is None else _number(similarity),
        ),
        _token_counts(line, result, counted_name(str(line.get("model", "")))),
        *_each(veto_count, line.get("vetoes")),
        *_each(error_count, line.get("failures")),
    )


def _token_counts(line: JsonObject, result: str, model: str) -> dict[str, int]:
    """Tokens by model, and whose they were; what failed on the way was no answer."""
    if "prompt_tokens" not in line:
        return {}
    prompt = int(_number(line["prompt_tokens"]))
    completion = int(_number(line.get("completion_tokens")))
    if result in SAVING:
        counts = hit_counts(RESULT_COUNTERS[result], model, prompt, completion)
        del counts[RESULT_COUNTERS[result]]
        return counts
    counts = miss_counts(model, prompt, completion)
    del counts[MISSES]
    if result == Result.ERROR:
        del counts[upstream_answers(model)]
    return counts


def _each(added: Callable[[str], dict[str, int]], numbers: object) -> list[dict[str, int]]:
    """What each name adds, as often as it is there."""
    if not isinstance(numbers, dict):
        return []
    return [
        {counter: amount * int(_number(number)) for counter, amount in added(name).items()}
        for name, number in numbers.items()
    ]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
