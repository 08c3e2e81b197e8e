"""Measures what a promise costs: processor time a semantic decision, and a plan once a minute.

Run `python -m benchmarks.accuracy.promise`. A decision is what a hit does beyond the guard's
comparison: its cell, whether that is served, and what is counted in the command that is sent
anyway.
"""

import time
from collections.abc import Callable

from llm_cache_proxy.domain.promise import Cell, Evidence, Promise, Tally, cell_of
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.counters import evidence_in, seen_counts
from llm_cache_proxy.domain.promise.evidence import sums_of
from llm_cache_proxy.domain.promise.prior import MAY_BE_OVERRULED

MOST_MS = 0.1
"""Of a decision."""


def milliseconds(work: Callable[[], object], times: int) -> float:
    """Processor time of one call."""
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times * 1_000


def windows() -> list[dict[str, int]]:
    """Counters of five weeks: every rule and band, in fine and in coarse windows."""
    counts: dict[str, int] = {}
    for rule in ("", *MAY_BE_OVERRULED):
        for band in range(BANDS):
            sums = sums_of(Cell(rule, band), Tally(900, 300, 4 if rule == "" else 200))
            counts |= {f"learn:{name}": round(amount / 30) for name, amount in sums.items()}
    return [counts] * 335


def main() -> None:
    """Print the figures."""
    counted = windows()
    evidence = evidence_in(counted)
    evidence = Evidence(evidence.cells, Tally(0, 2_000, 20), hits=5_000)
    promise = Promise(0.05)
    plan = promise.plan(evidence)

    def decide() -> object:
        cell = cell_of(0.961, None)
        return plan.serves(cell) and cell is not None and seen_counts(cell, served=True, fixed=True)

    decision = milliseconds(decide, 20_000)
    print(f"a decision: {decision:.4f} ms (budget {MOST_MS} ms)")
    print(f"a plan: {milliseconds(lambda: promise.plan(evidence), 50):.2f} ms, once a minute")
    print(f"reading 335 windows: {milliseconds(lambda: evidence_in(counted), 5):.1f} ms")
    if decision > MOST_MS:
        raise SystemExit("a decision costs more than its budget")


if __name__ == "__main__":
    main()
