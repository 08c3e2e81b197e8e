"""Measures what a promise costs: processor time a semantic decision, and a plan once a minute.

Run `python -m benchmarks.accuracy.promise`. A decision is what a hit does beyond the guard's
comparison: its score and cell, whether that is served, and what is counted in the command that is
sent anyway.
"""

import math
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import count
from math import log

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.pair.traits import traits
from llm_cache_proxy.domain.guard.text.analysis import analyse
from llm_cache_proxy.domain.promise import (
    Cell,
    Part,
    Promise,
    Tally,
    TenantEvidence,
    cell_of,
    group_of,
)
from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS
from llm_cache_proxy.domain.promise.counters import evidence_in, seen_counts
from llm_cache_proxy.domain.promise.evidence import GROUPS, owner_of, sums_of
from llm_cache_proxy.domain.promise.parts import APART, WHOLE, part_of, plan_parts
from llm_cache_proxy.domain.promise.prior import MAY_BE_OVERRULED, predicted_differing
from llm_cache_proxy.domain.promise.promise import BY_RATIO, STARTS
from llm_cache_proxy.domain.promise.proof import Controls, Stratum, proves
from llm_cache_proxy.domain.promise.ratio import log_ratio

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


_SERVED_FROM = 8
"""The band from which on hits are served, and labelled by checks alone."""


def _tally(rule: str, band: int, *, overruled: Collection[str]) -> Tally:
    """Candidates of a tenant that serves: two strata of each rule, few wrong where it serves."""
    served = rule == ACCEPTED or rule in overruled
    if not served:
        return Tally(900, 900, 600)
    return Tally(27_000, 2_700, 30) if band >= _SERVED_FROM else Tally(2_700, 2_700, 30)


def windows(groups: int, *, overruled: Collection[str] = ()) -> list[dict[str, int]]:
    """Counters of five weeks: every rule and band, in fine and in coarse windows."""
    counts: dict[str, int] = {}
    for group in range(groups):
        for rule in (ACCEPTED, *MAY_BE_OVERRULED):
            for band in range(BANDS):
                tally = _tally(rule, band, overruled=overruled)
                sums = sums_of(owner_of(group, Cell(rule, band)), tally)
                counts |= {f"learn:{name}": round(amount / 30) for name, amount in sums.items()}
    return [counts] * 335


def decision_ms(parts: Sequence[Part], times: int) -> float:
    """Processor time of a decision under these plans."""
    fingerprint = "7c" * 32
    compared = Pair(analyse(PROMPT), analyse(PARAPHRASE))
    compared.only_a, compared.gap  # noqa: B018 - the guard's rules have looked at them

    def decide() -> object:
        cell = cell_of(0.961, None, traits(compared))
        group = group_of(fingerprint)
        is_served = part_of(parts, group).plan.serves(cell)
        return is_served and cell is not None and seen_counts(group, cell, served=True, fixed=True)

    return milliseconds(decide, times)


CONTROLS = Tally(0, 2_000, 20)


def _differing(wrong: float) -> float:
    """What a judge as measured calls different, where so many are wrong."""
    return 0.01 + (1 - 0.01 - 0.37) * wrong


def labels_to_prove_by_ratio(wrong: float, doubt: float) -> int:
    """Labels that prove 5 % of the trusted bands by a ratio of likelihoods."""
    of_one = log_ratio(Tally(0, 1, _differing(wrong)), CONTROLS, 0.05)
    return math.ceil(-log(doubt * BY_RATIO) / of_one) if of_one > 0 else 0


def labels_to_prove(wrong: float, doubt: float) -> int:
    """Labels that prove 5 % of the first set by universal inference."""
    differing = _differing(wrong)
    controls, least = (
        Controls(CONTROLS.labelled, CONTROLS.differing),
        -log(doubt * min(STARTS.values())),
    )
    for labels in count(100, 20):
        stratum = Stratum(1.0, labels, differing * labels, predicted_differing(ACCEPTED))
        if proves([stratum], controls, 0.05, least):
            break
    return labels


def main() -> None:
    """Print the figures."""
    promise = Promise(0.05)
    three = sorted(MAY_BE_OVERRULED)[:3]
    for groups, overruled in ((1, ()), (1, three), (GROUPS, ()), (GROUPS, three)):
        counted = windows(groups, overruled=overruled)
        evidence = evidence_in(counted)
        evidence = TenantEvidence(evidence.groups, CONTROLS, hits=5_000)
        plan = milliseconds(partial(plan_parts, promise, evidence), 5)
        read = milliseconds(partial(evidence_in, counted), 3)
        print(
            f"{groups} groups, {len(overruled)} rules overruled, once a minute: "
            f"planning {plan:.1f} ms, reading {read:.1f} ms"
        )
    decision = decision_ms(plan_parts(promise, evidence), 20_000)
    print(f"a decision: {decision:.4f} ms (budget {MOST_MS} ms)")
    for wrong in (0.0, 0.01, 0.02):
        whole, apart = labels_to_prove(wrong, WHOLE), labels_to_prove(wrong, APART)
        print(f"labels that prove 5 % where {wrong:.0%} is wrong: {whole:,}; of a part {apart:,}")
        whole, apart = (labels_to_prove_by_ratio(wrong, doubt) for doubt in (WHOLE, APART))
        print(f"  by the ratio: {whole:,}; of a part {apart:,}")
    if decision > MOST_MS:
        raise SystemExit("a decision costs more than its budget")


if __name__ == "__main__":
    main()
