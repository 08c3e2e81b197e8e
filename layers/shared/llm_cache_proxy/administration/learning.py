"""What labels have shown of a tenant's semantic hits, as operators read it.

Never reports an estimate without its interval and the controls that it rests on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import EXACT_HITS, MISSES, SEMANTIC_HITS
from llm_cache_proxy.domain.metrics.intervals import share
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS
from llm_cache_proxy.domain.promise import Cell
from llm_cache_proxy.domain.promise.cells import EDGES, lower_edge
from llm_cache_proxy.domain.promise.counters import FIXED, FORGOTTEN, HITS, SPENT
from llm_cache_proxy.domain.promise.evidence import Tally
from llm_cache_proxy.domain.promise.judge import judge_of, wrong_interval
from llm_cache_proxy.domain.promise.proof import MISSED
from llm_cache_proxy.pipeline.checks.learning import Learned, Learning
from llm_cache_proxy.pipeline.request.state import RequestState

_LOOKUPS = (EXACT_HITS, SEMANTIC_HITS, MISSES)


@dataclass(frozen=True, slots=True)
class LearningReport:
    """Reports on one tenant; `learning` is None where no promise is set."""

    learning: Learning | None

    async def report(self, tenant: str) -> JsonObject:
        """The promise, the estimate and its evidence. Raises InvalidRequest without a promise."""
        if self.learning is None:
            raise InvalidRequest(
                "Nothing is learned: MAX_WRONG_SHARE is not set, or this process has no pipeline.",
                code="learning_not_available",
            )
        learned = await self.learning.read(tenant, RequestState())
        cells = sorted(learned.evidence.cells, key=lambda cell: (cell.rule, -cell.band))
        return {
            "tenant": tenant,
            **learning_view(learned),
            "cells": [_cell(learned, cell) for cell in cells],
        }


def learning_view(learned: Learned) -> JsonObject:
    """The promise, what is expected under it, and what that rests on."""
    plan, evidence = learned.plan, learned.evidence
    judge = judge_of(evidence.controls)
    lowest = plan.lowest_band()
    hits, fixed, spent = (_counted(learned, name) for name in (HITS, FIXED, SPENT))
    served = [evidence.of(cell) for cell in plan.served]
    view: JsonObject = {
        "promise": learned.rules.promise.most_wrong,
        "serves": bool(plan.served),
        "estimate": round(plan.estimate, 5),
        "interval": _interval(_sum(served), evidence.controls) if served else None,
        "bound": round(learned.rules.promise.bound(evidence, plan), 5),
        "least_chance": None if lowest is None else lower_edge(lowest),
        "hits": hits,
        "fixed_hits": fixed,
        "hit_rate_gained": share(hits - fixed, sum(_counted(learned, name) for name in _LOOKUPS)),
        "check_rate": round(learned.check_rate, 4),
        "dollars_spent": spent / NANO_DOLLARS,
        "changes": _counted(learned, FORGOTTEN),
        "labels": dict(learned.labels),
        "judge": {
            "false_alarms": round(judge.false_alarms, 5),
            "controls": round(evidence.controls.labelled),
            "differing_controls": round(evidence.controls.differing),
            "assumed_missed": MISSED,
        },
    }
    return view


def cell_view(learned: Learned, cell: Cell | None) -> JsonObject | None:
    """What is known of candidates of this kind; None for one that is never looked at."""
    if cell is None:
        return None
    view = _cell(learned, cell)
    return {name: view[name] for name in ("band", "served", "seen", "labelled", "differing")}


def _cell(learned: Learned, cell: Cell) -> JsonObject:
    tally = learned.evidence.of(cell)
    return {
        "rule": cell.rule or None,
        "band": _band(cell.band),
        "served": learned.plan.serves(cell),
        "seen": round(tally.seen),
        "labelled": round(tally.labelled),
        "differing": round(tally.differing),
        "differing_share": share(round(tally.differing), round(tally.labelled)),
        "wrong_interval": _interval(tally, learned.evidence.controls),
    }


def _band(band: int) -> str:
    upper = EDGES[band] if band < len(EDGES) else 1.0
    return f"{lower_edge(band):.3f}-{upper:.3f}"


def _interval(tally: Tally, controls: Tally) -> list[float] | None:
    found = wrong_interval(tally, controls)
    return None if found is None else [round(end, 4) for end in found]


def _sum(tallies: Sequence[Tally]) -> Tally:
    return Tally(
        sum(tally.seen for tally in tallies),
        sum(tally.labelled for tally in tallies),
        sum(tally.differing for tally in tallies),
    )


def _counted(learned: Learned, name: str) -> int:
    return sum(counts.get(name, 0) for counts in learned.counted)
