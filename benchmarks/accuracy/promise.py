"""Measures what a promise costs: processor time a semantic decision, and a plan once a minute.

Run `python -m benchmarks.accuracy.promise`. A decision is what a hit does beyond the guard's
comparison: its score and cell, whether that is served, and what is counted in the command that is
sent anyway.
"""

import time
from collections.abc import Callable
from itertools import count
from math import log

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.pair.traits import traits
from llm_cache_proxy.domain.guard.text.analysis import analyse
from llm_cache_proxy.domain.promise import Cell, Evidence, Promise, Tally, cell_of
from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS
from llm_cache_proxy.domain.promise.counters import evidence_in, seen_counts
from llm_cache_proxy.domain.promise.evidence import sums_of
from llm_cache_proxy.domain.promise.prior import MAY_BE_OVERRULED, predicted_differing
from llm_cache_proxy.domain.promise.promise import STARTS
from llm_cache_proxy.domain.promise.proof import Controls, Stratum, proves

PROMPT = "What is the best way to learn a programming language by myself?"
PARAPHRASE = "How can I learn a new programming language on my own?"

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


def labels_to_prove(wrong: float) -> int:
    """Labels, a judge's as measured, that prove 5 % of the first set where so many are wrong."""
    differing = 0.01 + (1 - 0.01 - 0.37) * wrong
    controls, least = Controls(2_000, 20), -log(min(STARTS.values()))
    for labels in count(100, 20):
        stratum = Stratum(1.0, labels, differing * labels, predicted_differing(ACCEPTED))
        if proves([stratum], controls, 0.05, least):
            break
    return labels


def main() -> None:
    """Print the figures."""
    counted = windows()
    evidence = evidence_in(counted)
    evidence = Evidence(evidence.cells, Tally(0, 2_000, 20), hits=5_000)
    promise = Promise(0.05)
    plan = promise.plan(evidence)
    compared = Pair(analyse(PROMPT), analyse(PARAPHRASE))
    compared.only_a, compared.gap  # noqa: B018 - the guard's rules have looked at them

    def decide() -> object:
        cell = cell_of(0.961, None, traits(compared))
        return plan.serves(cell) and cell is not None and seen_counts(cell, served=True, fixed=True)

    decision = milliseconds(decide, 20_000)
    print(f"a decision: {decision:.4f} ms (budget {MOST_MS} ms)")
    print(f"a plan: {milliseconds(lambda: promise.plan(evidence), 50):.2f} ms, once a minute")
    print(f"reading 335 windows: {milliseconds(lambda: evidence_in(counted), 5):.1f} ms")
    for wrong in (0.0, 0.01, 0.02):
        print(f"labels that prove 5 % where {wrong:.0%} is wrong: {labels_to_prove(wrong):,}")
    if decision > MOST_MS:
        raise SystemExit("a decision costs more than its budget")


if __name__ == "__main__":
    main()
