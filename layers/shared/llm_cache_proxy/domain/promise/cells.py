"""The kinds of semantic candidates that are distinguished: by the guard's word and by the score.

Candidates of one cell are all served, or all not served. There are so many cells and no more,
whatever a tenant asks.
"""

from bisect import bisect_right
from math import log
from typing import TYPE_CHECKING, NamedTuple

from llm_cache_proxy.domain.promise.score import log_odds

if TYPE_CHECKING:
    from llm_cache_proxy.domain.guard.pair.traits import Traits

EDGES = (0.60, 0.75, 0.85, 0.90, 0.93, 0.95, 0.965, 0.975, 0.985, 0.99, 0.995)
"""Chances of being right, by the score, at which a band begins; see `score` for what they mean."""

LOG_ODDS = tuple(log(chance / (1 - chance)) for chance in EDGES)

LOWEST = 0.80
"""Similarity below which nothing is learned, and nothing served."""

BANDS = len(EDGES) + 1
ACCEPTED = ""
"""The guard's word where no rule vetoes."""

_MARK = "@"
"""Another one as soon as bands mean something else, so that no old label is counted for them."""


class Cell(NamedTuple):
    """A rule of the guard (or `ACCEPTED`), and a band of the score from 0 to `BANDS` - 1."""

    rule: str
    band: int

    def __str__(self) -> str:
        """The name under which stores count, such as "entities@3"."""
        return f"{self.rule}{_MARK}{self.band}"


def cell_of(similarity: float, rule: str | None, traits: "Traits") -> Cell | None:
    """The cell of a candidate; None below `LOWEST`."""
    if similarity < LOWEST:
        return None
    return Cell(rule or ACCEPTED, bisect_right(LOG_ODDS, log_odds(similarity, traits)))


def parsed_cell(name: str) -> Cell | None:
    """The cell of a name, or None for a name that is none."""
    rule, mark, band = name.rpartition(_MARK)
    if not mark or not band.isdigit() or int(band) >= BANDS:
        return None
    return Cell(rule, int(band))


def lower_edge(band: int) -> float:
    """The least chance of being right in a band."""
    return EDGES[band - 1] if band else 0.0
