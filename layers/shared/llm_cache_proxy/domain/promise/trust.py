"""Which candidates are served before labels have proven them, and when that ends.

Of what the guard accepts, few are wrong in the upper bands of the labelled pairs at hand, where
people ask as they ask: the guard vetoes one in six of the candidates there. Where prompts are made
to be taken for one another it vetoes more than half, and more of what it accepts is wrong. So a
tenant is trusted as soon as few vetoes show that it is of the former kind, and all of its hits are
checked at first: where more differ than somewhat less than the promise allows, trust ends, and
labels have to prove the bands. The derivation is in docs/wrong-share.md. Never trusts what a rule
vetoes.
"""

from collections.abc import Sequence

from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS, Cell
from llm_cache_proxy.domain.promise.evidence import Evidence, Tally, added
from llm_cache_proxy.domain.promise.judge import controls_for, judge_of

LOWEST_TRUSTED = 4
"""The band from which on what the guard accepts is trusted."""

TRUSTED = tuple(Cell(ACCEPTED, band) for band in range(LOWEST_TRUSTED, BANDS))

LEAST_PROMISE = 0.05
"""The strictest promise under which anything is trusted; our own pairs would break a stricter."""

EMBEDDER = "minilm-l6-v2/"
"""How the ids of the embedder begin by whose vectors the labelled pairs were compared."""

MOST_VETOED = 1 / 3
"""The share of the candidates in the trusted bands that the guard may veto.

Of labelled pairs as people ask it vetoes 12 to 18 %, of those that were written as traps 55 %.
"""

CLEARLY_FEW = 1 / 4
"""The share of a tenant whose vetoes have moved clearly below that: it is told so once."""

VETOES_OWED = 2.0
"""Vetoes that have to stay out first: six candidates in a row without one, or more with one."""

_STRICTER = 0.8
"""The part of the promise that labels are held to, so that trust pays for its own end."""

_CREDIT = 3.0
"""Labels that may differ beyond that before trust ends."""

_HITS_UNSEEN = 20.0
_LEAST_LABELLED = 0.01
"""Hits that may go without any label, and the share that has to be labelled from then on."""


def trusted(evidence: Evidence, most_wrong: float) -> Sequence[Cell]:
    """The cells that are trusted; none where labels or vetoes speak against them, or are missing.

    Nor after a change of the world: then labels have to prove them.
    """
    if most_wrong < LEAST_PROMISE or evidence.changed or not has_few_vetoes(evidence):
        return ()
    known = trusted_tally(evidence)
    unseen = known.seen - known.labelled - _HITS_UNSEEN
    if unseen * _LEAST_LABELLED > known.labelled:
        return ()
    return TRUSTED if known.differing <= may_differ(evidence, most_wrong) else ()


def has_few_vetoes(evidence: Evidence, most: float = MOST_VETOED) -> bool:
    """Whether the guard vetoes so few of the candidates in the trusted bands as among people's."""
    near = [(cell.rule, tally.seen) for cell, tally in evidence.cells.items() if _is_near(cell)]
    vetoed = sum(seen for rule, seen in near if rule != ACCEPTED)
    return vetoed <= most * sum(seen for _, seen in near) - VETOES_OWED


def _is_near(cell: Cell) -> bool:
    return cell.band >= LOWEST_TRUSTED


def trusted_tally(evidence: Evidence) -> Tally:
    """What was counted of the cells that are trusted, whether they still are or not."""
    return added(evidence.of(cell) for cell in TRUSTED)


def hits_on_trust(evidence: Evidence) -> float:
    """Hits that may be served on trust before labels are read again: as many as there are labels.

    A few more, so that there may be labels at all.
    """
    return _HITS_UNSEEN + trusted_tally(evidence).labelled


def may_differ(evidence: Evidence, most_wrong: float) -> float:
    """So many of the labels on trusted cells may differ before trust ends."""
    known = trusted_tally(evidence)
    judges = (judge_of(each) for each in controls_for(known, evidence.controls))
    allowed = min(judge.differing(_STRICTER * most_wrong) for judge in judges)
    return allowed * known.labelled + _CREDIT
