"""What the dashboard draws of a span of time: its pieces, their sum, and how near prompts were."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain

from llm_cache_proxy.administration.metrics.spans import Span
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import (
    ERROR,
    EXACT_HITS,
    MISSES,
    REFUSED,
    SEMANTIC_HITS,
)
from llm_cache_proxy.domain.metrics.counter_totals import summed, tally
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.metrics.report import sections
from llm_cache_proxy.domain.metrics.similarities import similarity_bands
from llm_cache_proxy.ports.exact_store.admin import CounterWindow


def drawn(windows: Sequence[CounterWindow], span: Span, prices: PriceList) -> JsonObject:
    """The span's pieces, oldest first, and what they add up to: the sum is of just these."""
    pieces = span.pieces(windows)
    counts = summed(chain.from_iterable(pieces))
    return {
        "range": span.name,
        "start": span.start,
        "end": span.end,
        "step_seconds": span.step_seconds,
        "series": [
            _piece(span.start + place * span.step_seconds, summed(parts))
            for place, parts in enumerate(pieces)
        ],
        "window": sections(tally(counts), prices),
        "similarities": [asdict(band) for band in similarity_bands(counts)],
    }


def _piece(start: int, counts: Mapping[str, int]) -> JsonObject:
    """Requests by result; `hit_rate` is None where nothing could have been hit."""
    read = tally(counts)
    exact, semantic = read.results[EXACT_HITS], read.results[SEMANTIC_HITS]
    misses = read.results[MISSES]
    failed = read.results[ERROR] + read.results[REFUSED]
    return {
        "start": start,
        "exact_hits": exact,
        "semantic_hits": semantic,
        "misses": misses,
        "failed": failed,
        "others": read.total_requests - exact - semantic - misses - failed,
        "hit_rate": round(read.hit_rate, 6) if read.could_have_hit else None,
    }
