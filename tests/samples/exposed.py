"""What `/metrics` exposes to Prometheus where everything has been counted once."""

from llm_cache_proxy.administration.metrics.report import Trust
from llm_cache_proxy.api.operators.prometheus import exposition
from llm_cache_proxy.domain.metrics.counter_names import (
    RESULTS,
    error_count,
    failure_count,
    hit_counts,
    latency_counts,
    merged,
    miss_counts,
    refusal_count,
    ruling_counts,
    sample_counts,
    trip_count,
    veto_count,
)
from llm_cache_proxy.domain.metrics.counter_totals import tally
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.domain.requests.reasons import Result

TIERS = ("exact", "embed", "search", "verifier")
COUNTS = (
    hit_counts("exact_hits", "gpt-4o-mini", 100, 50),
    miss_counts("gpt-4o-mini", 100, 50),
    dict.fromkeys(RESULTS, 1),
    failure_count(502),
    refusal_count(429, "rate_limit_exceeded"),
    *(error_count(kind) for kind in (*TIERS, "upstream", "upstream_stream", "upstream_503")),
    *(trip_count(tier) for tier in TIERS),
    *(latency_counts(result, 5.0) for result in Result),
    veto_count("numbers"),
    ruling_counts("gpt-4o-mini", 10, 1, approved=True, nano_dollars=10),
    sample_counts(wrong=True),
    sample_counts(wrong=False),
    {"shadow:threshold_raised": 1},
)
EXPOSED = exposition(
    tally(merged(*COUNTS)),
    default_prices(),
    dict.fromkeys(TIERS, "closed"),
    Trust(0.9, 1),
    {"exact": "refuses_writes", "semantic": "unavailable", "upstream": "ok"},
)
