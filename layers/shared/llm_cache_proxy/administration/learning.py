"""What labels have shown of a tenant's semantic hits, as operators read it.

Never reports an estimate without its interval and the controls that it rests on.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from llm_cache_proxy.administration.metrics.counters import Counters
from llm_cache_proxy.domain.errors import ExactStoreUnavailable, InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import EXACT_HITS, MISSES, SEMANTIC_HITS
from llm_cache_proxy.domain.metrics.intervals import share
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS
from llm_cache_proxy.domain.promise import Cell, Part
from llm_cache_proxy.domain.promise.cells import EDGES, lower_edge
from llm_cache_proxy.domain.promise.counters import FIXED, FORGOTTEN, HITS, SPENT, checks_in
from llm_cache_proxy.domain.promise.evidence import Tally, added
from llm_cache_proxy.domain.promise.judge import judge_of, wrong_interval
from llm_cache_proxy.domain.promise.proof import MISSED
from llm_cache_proxy.pipeline.checks.learned import Learned, counts_of
from llm_cache_proxy.pipeline.checks.learning import Learning
from llm_cache_proxy.ports.exact_store.admin import CounterWindow

_LOOKUPS = (EXACT_HITS, SEMANTIC_HITS, MISSES)


@dataclass(frozen=True, slots=True)
class LearningReport:
    """Reports on one tenant, and over all; `learning` is None where no promise is set."""

    learning: Learning | None
    counters: Counters

    async def report(self, tenant: str) -> JsonObject:
        """The promise, the estimate and its evidence.

        While the store does not answer it is what this process read last (`from_memory`), and of
        all tenants nothing is known. Raises InvalidRequest without a promise.
        """
        if self.learning is None:
            raise InvalidRequest(
                "Nothing is learned: MAX_WRONG_SHARE is not set, or this process has no pipeline.",
                code="learning_not_available",
            )
        # A bound takes milliseconds, and there may be many tenants.
        try:
            by_tenant = await self.counters.by_tenant(None)
        except ExactStoreUnavailable:
            found = await asyncio.to_thread(_report, self.learning.learned(tenant))
            return {"tenant": tenant, "from_memory": True, **found, "overall": None}
        learned = await self.learning.learned_from(by_tenant.get(tenant, ()))
        found = await asyncio.to_thread(_report, learned)
        overall = await asyncio.to_thread(_overall, list(by_tenant.values()))
        return {"tenant": tenant, "from_memory": False, **found, "overall": overall}


class _Bounded(NamedTuple):
    """A part, and the upper end of what may be wrong of all that it serves."""

    part: Part
    bound: float


def _report(learned: Learned) -> JsonObject:
    bounded = _with_bounds(learned, learned.parts)
    return {
        **_view(learned, bounded),
        "parts": [_part(learned, each) for each in bounded],
        "turned_away": _turned_away(learned),
        "cells": [
            _cell(learned, part, cell)
            for part in learned.parts
            for cell in sorted(part.evidence.cells, key=lambda cell: (cell.rule, -cell.band))
        ],
    }


def _overall(tenants: Sequence[Sequence[CounterWindow]]) -> JsonObject:
    """What checks of served hits say over all tenants, each check weighing the same."""
    found = [checks_in(counts_of(windows)) for windows in tenants]
    checked = [(checks, controls) for checks, controls in found if checks.labelled]
    checks = added(checks for checks, _ in checked)
    controls = added(controls for _, controls in checked)
    is_known = checks.labelled and controls.labelled
    wrong = judge_of(controls).wrong(checks.differing / checks.labelled) if is_known else None
    return {
        "tenants": len(checked),
        "checks": round(checks.labelled),
        "differing_checks": round(checks.differing),
        "controls": round(controls.labelled),
        "estimate": None if wrong is None else round(wrong, 5),
        "interval": _interval(checks, controls),
    }


def learning_view(learned: Learned, part: Part) -> JsonObject:
    """The promise, what is expected under it in this part, and what that rests on.

    Takes milliseconds of processor time: call it in a thread.
    """
    return _view(learned, _with_bounds(learned, [part]))


def _with_bounds(learned: Learned, parts: Sequence[Part]) -> list[_Bounded]:
    bound = learned.rules.promise.bound
    return [_Bounded(part, bound(part.evidence, part.plan)) for part in parts]


def _view(learned: Learned, bounded: Sequence[_Bounded]) -> JsonObject:
    judge = judge_of(learned.evidence.controls)
    hits, fixed, spent = (_counted(learned, name) for name in (HITS, FIXED, SPENT))
    return {
        "promise": learned.rules.promise.most_wrong,
        **_expected(learned, bounded),
        "hits": hits,
        "fixed_hits": fixed,
        "hit_rate_gained": share(hits - fixed, sum(_counted(learned, name) for name in _LOOKUPS)),
        "check_rate": round(learned.check_rate, 4),
        "dollars_spent": spent / NANO_DOLLARS,
        "changes": _counted(learned, FORGOTTEN),
        "labels": dict(learned.labels),
        "judge": {
            "false_alarms": round(judge.false_alarms, 5),
            "controls": round(learned.evidence.controls.labelled),
            "differing_controls": round(learned.evidence.controls.differing),
            "assumed_missed": MISSED,
        },
    }


def cell_view(learned: Learned, group: int, cell: Cell | None) -> JsonObject | None:
    """What is known of candidates of this kind; None for one that is never looked at."""
    if cell is None:
        return None
    view = _cell(learned, learned.part(group), cell)
    return {
        name: view[name]
        for name in ("group", "band", "served", "trusted", "seen", "labelled", "differing")
    }


def _expected(learned: Learned, bounded: Sequence[_Bounded]) -> JsonObject:
    """Of all that is served of these parts: each of them keeps the promise, and so do all."""
    serving = [part for part, _ in bounded if part.plan.served]
    served = [added(part.evidence.of(cell) for cell in part.plan.served) for part in serving]
    weights = [max(1.0, tally.seen) for tally in served]
    estimates = zip(weights, serving, strict=True)
    ends = [bound for part, bound in bounded if part.plan.served and part.evidence.cells]
    lowest = [band for part in serving if (band := part.plan.lowest_band()) is not None]
    return {
        "serves": bool(serving),
        "estimate": round(
            sum(weight * part.plan.estimate for weight, part in estimates) / max(1.0, sum(weights)),
            5,
        ),
        "interval": _interval(added(served), learned.evidence.controls) if served else None,
        "bound": round(max(ends, default=1.0), 5),
        "least_chance": lower_edge(min(lowest)) if lowest else None,
        "trusts": any(part.plan.trusted for part in serving),
    }


def _part(learned: Learned, bounded: _Bounded) -> JsonObject:
    total = bounded.part.evidence.total
    return {
        "group": bounded.part.group,
        "seen": round(total.seen),
        "labelled": round(total.labelled),
        **_expected(learned, [bounded]),
    }


def _turned_away(learned: Learned) -> list[JsonObject]:
    """By rule, what is not served; its interval shows how many hits are lost that were right."""
    found: dict[str, list[Tally]] = {}
    for part in learned.parts:
        for cell, tally in part.evidence.cells.items():
            if not part.plan.serves(cell):
                found.setdefault(cell.rule, []).append(tally)
    rows = sorted((rule, added(tallies)) for rule, tallies in found.items())
    return [
        {"rule": rule or None, **_tally(tally), "wrong_interval": _wrong(learned, tally)}
        for rule, tally in rows
    ]


def _cell(learned: Learned, part: Part, cell: Cell) -> JsonObject:
    tally = part.evidence.of(cell)
    return {
        "group": part.group,
        "rule": cell.rule or None,
        "band": _band(cell.band),
        "served": part.plan.serves(cell),
        "trusted": cell in part.plan.trusted,
        **_tally(tally),
        "differing_share": share(round(tally.differing), round(tally.labelled)),
        "wrong_interval": _wrong(learned, tally),
    }


def _tally(tally: Tally) -> JsonObject:
    return {
        "seen": round(tally.seen),
        "labelled": round(tally.labelled),
        "differing": round(tally.differing),
    }


def _wrong(learned: Learned, tally: Tally) -> list[float] | None:
    return _interval(tally, learned.evidence.controls)


def _band(band: int) -> str:
    upper = EDGES[band] if band < len(EDGES) else 1.0
    return f"{lower_edge(band):.3f}-{upper:.3f}"


def _interval(tally: Tally, controls: Tally) -> list[float] | None:
    found = wrong_interval(tally, controls)
    return None if found is None else [round(end, 4) for end in found]


def _counted(learned: Learned, name: str) -> int:
    return sum(counts.get(name, 0) for counts in learned.counted)
