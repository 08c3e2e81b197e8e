"""What a million requests cost with the durations that the other questions measured."""

from benchmarks.cost.model import Workload, costs, upstream_dollars
from benchmarks.findings import KEPT, Finding, Table

METHOD = (
    "The model of docs/cost.md (`benchmarks/cost/`: tariffs, tokens, {upstream:g} s for the "
    "upstream) with measured durations in place of its assumptions: CPU as above, at the share of "
    "a core that {completions_mb} MB buy, and {store_ms:.0f} ms of waiting for each call to a "
    "store. {exact:.0%} of the hits are exact."
)
MODEL = "llama-3.3-70b-versatile"
HIT_RATES = (0.0, 0.3, 0.6, 0.9)
CORE_MB = 1769  # what buys one core
STORE_MS = 2.0


def measured() -> Finding:
    """Calculate; the questions that it builds on have to have been asked."""
    assumed = Workload()
    slower = CORE_MB / assumed.completions_mb
    hit_ms = _figure("function_hit", "upstash_ms") * slower + STORE_MS
    embedding_ms = _figure("embedding", "embedding_ms")
    rest_ms = (_figure("misses", "cpu_ms") - embedding_ms) * slower + 2 * STORE_MS
    workload = Workload(
        exact_seconds=hit_ms / 1000,
        embedding_seconds=embedding_ms / 1000,
        semantic_seconds=(embedding_ms + max(rest_ms, 0)) / 1000,
    )
    direct = upstream_dollars(workload, MODEL)
    rows = []
    for rate in HIT_RATES:
        cost = costs(workload, MODEL, rate)
        parts = (cost.aws, cost.upstash, cost.upstream, cost.total)
        saved = f"{1 - cost.total / direct:+.0%}"
        rows.append([f"{rate:.0%}", *(f"{part:,.2f}" for part in parts), saved])
    return Finding(
        question="What do a million requests cost?",
        method=METHOD.format(
            upstream=workload.upstream_seconds,
            completions_mb=workload.completions_mb,
            store_ms=STORE_MS,
            exact=workload.exact_share,
        ),
        tables=[
            Table(
                f"Dollars per million requests, {MODEL} ({direct:,.2f} without the proxy)",
                ["hits", "AWS", "Upstash", "upstream", "together", "saved"],
                rows,
            )
        ],
    )


def _figure(question: str, name: str) -> float:
    path = KEPT / f"{question}.json"
    if not path.exists():
        raise RuntimeError(f"`make bench ONLY={question}` has to run first")
    return Finding.read(path).figures[name]
