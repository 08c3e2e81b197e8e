"""What labels have shown of a tenant's semantic hits, as operators read it.

Never reports an estimate without its interval and the controls that it rests on.
"""

from dataclasses import dataclass

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.intervals import share
from llm_cache_proxy.domain.promise import Cell, cell_of
from llm_cache_proxy.domain.promise.cells import EDGES, lower_edge
from llm_cache_proxy.domain.promise.promise import MISSED, judge_of, wrong_interval
from llm_cache_proxy.pipeline.checks.learning import Learned, Learning
from llm_cache_proxy.pipeline.request.state import RequestState


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
    judge = judge_of(evidence)
    lowest = plan.lowest_band()
    view: JsonObject = {
        "promise": learned.rules.promise.most_wrong,
        "serves": bool(plan.served),
        "estimate": round(plan.estimate, 5),
        "bound": round(plan.bound, 5),
        "threshold": None if lowest is None else lower_edge(lowest),
        "hits_gained": _gained(learned),
        "explore_rate": learned.rules.explore_rate,
        "labels": dict(learned.labels),
        "judge": {
            "false_alarms": round(judge.false_alarms, 5),
            "controls": round(evidence.controls.labelled),
            "differing_controls": round(evidence.controls.differing),
            "assumed_missed": MISSED,
        },
    }
    return view


def cell_view(learned: Learned, similarity: float, rule: str | None) -> JsonObject | None:
    """What is known of candidates such as this one; None for one that is never looked at."""
    cell = cell_of(similarity, rule)
    if cell is None:
        return None
    view = _cell(learned, cell)
    return {name: view[name] for name in ("band", "served", "seen", "labelled", "differing")}


def _cell(learned: Learned, cell: Cell) -> JsonObject:
    tally = learned.evidence.of(cell)
    interval = wrong_interval(tally, learned.evidence.controls)
    return {
        "rule": cell.rule or None,
        "band": _band(cell.band),
        "served": learned.plan.serves(cell),
        "seen": round(tally.seen),
        "labelled": round(tally.labelled),
        "differing": round(tally.differing),
        "differing_share": share(round(tally.differing), round(tally.labelled)),
        "wrong_interval": None if interval is None else [round(end, 4) for end in interval],
    }


def _band(band: int) -> str:
    upper = EDGES[band] if band < len(EDGES) else 1.0
    return f"{lower_edge(band):.2f}-{upper:.2f}"


def _gained(learned: Learned) -> int:
    """Candidates of served cells that the guard's veto alone would have turned away."""
    served = (learned.evidence.of(cell) for cell in learned.plan.served if cell.rule)
    return round(sum((tally.seen for tally in served), start=0.0))
