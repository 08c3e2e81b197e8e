"""What an hour at a rate costs in AWS and at Upstash: the model of docs/cost.md, per hour."""

from collections.abc import Iterable, Sequence

from benchmarks.cost.model import MILLION, Workload, costs

_SECONDS = 3_600
_MODEL = "gpt-4o-mini"
"""Any with a price: what the upstream asks for is left out."""


def dollars_an_hour(per_second: float, hit_rate: float, workload: Workload | None = None) -> float:
    """Without the upstream, and without what a month costs whatever the traffic."""
    cost = costs(workload or Workload(), _MODEL, hit_rate)
    return (cost.aws + cost.upstash) * per_second * _SECONDS / MILLION


def rows(rates: Sequence[float], hit_rates: Sequence[float]) -> Iterable[str]:
    """A Markdown table, a line for each rate."""
    heads = " | ".join(f"{hit_rate:.0%} hits" for hit_rate in hit_rates)
    yield f"| requests a second | {heads} |"
    yield "|---:" * (1 + len(hit_rates)) + "|"
    for rate in rates:
        bills = " | ".join(f"${dollars_an_hour(rate, hit_rate):,.2f}" for hit_rate in hit_rates)
        yield f"| {rate:,} | {bills} |"
