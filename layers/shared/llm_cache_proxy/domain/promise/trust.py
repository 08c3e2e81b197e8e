"""Which candidates are served before labels have proven them, and when that ends.

Of what the guard accepts, few are wrong in the upper bands of the labelled pairs at hand. That a
tenant's are no worse is an assumption, so that all of them are checked at first: where more differ
than the promise allows, trust ends, and labels have to prove the bands. The derivation is in
docs/wrong-share.md. Never trusts what a rule vetoes.
"""

from collections.abc import Sequence

from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS, Cell
from llm_cache_proxy.domain.promise.evidence import Evidence, Tally, added
from llm_cache_proxy.domain.promise.judge import judge_of

LOWEST_TRUSTED = 4
"""The band from which on what the guard accepts is trusted."""

TRUSTED = tuple(Cell(ACCEPTED, band) for band in range(LOWEST_TRUSTED, BANDS))

LEAST_PROMISE = 0.05
"""The strictest promise under which anything is trusted; our own pairs would break a stricter."""

EMBEDDER = "minilm-l6-v2/"
"""How the ids of the embedder begin by whose vectors the labelled pairs were compared."""

_CREDIT = 3.0
"""Labels that may differ beyond what the promise allows, before trust ends."""

_HITS_UNSEEN = 20.0
_LEAST_LABELLED = 0.01
"""Hits that may go without any label, and the share that has to be labelled from then on."""


def trusted(evidence: Evidence, most_wrong: float) -> Sequence[Cell]:
    """The cells that are trusted; none where labels speak against them, or are missing."""
    if most_wrong < LEAST_PROMISE:
        return ()
    known = trusted_tally(evidence)
    unseen = known.seen - known.labelled - _HITS_UNSEEN
    if unseen * _LEAST_LABELLED > known.labelled:
        return ()
    return TRUSTED if known.differing <= may_differ(evidence, most_wrong) else ()


def trusted_tally(evidence: Evidence) -> Tally:
    """What was counted of the cells that are trusted, whether they still are or not."""
    return added(evidence.of(cell) for cell in TRUSTED)


def hits_on_trust(evidence: Evidence) -> float:
    """Hits that may be served on trust before labels are read again: as many as there are labels.

    A few more, so that there may be labels at all.
    """
    return _HITS_UNSEEN + trusted_tally(evidence).labelled


def may_differ(evidence: Evidence, most_wrong: float) -> float:
    """So many of the labels on trusted cells may differ before trust ends.

    After a change of the world there is no credit: labels have to earn as much first.
    """
    allowed = judge_of(evidence.controls).differing(most_wrong)
    credit = -_CREDIT if evidence.changed else _CREDIT
    return allowed * trusted_tally(evidence).labelled + credit
