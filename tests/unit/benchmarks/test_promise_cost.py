"""What a promise may cost a semantic hit."""

from benchmarks.accuracy.promise import MOST_MS, decision_ms

from llm_cache_proxy.domain.promise import Cell, Promise, Tally, TenantEvidence
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.evidence import GROUPS
from llm_cache_proxy.domain.promise.parts import plan_parts


def test_a_decision_takes_no_more_processor_time_than_its_budget() -> None:
    cells = {Cell("", band): Tally(2_000, 2_000, 20) for band in range(BANDS)}
    hard = {cell: Tally(2_000, 2_000, 1_000) for cell in cells}
    groups = {group: cells if group else hard for group in range(GROUPS)}
    evidence = TenantEvidence(groups, Tally(0, 2_000, 20))
    parts = plan_parts(Promise(0.05), evidence)

    spent = min(decision_ms(parts, 200) for _ in range(5))

    assert len(parts) == GROUPS + 1
    assert spent <= MOST_MS
