"""The kinds of semantic candidates that are distinguished: by the guard's word and by similarity.

Candidates of one cell are all served, or all not served. There are so many cells and no more,
whatever a tenant asks.
"""

from bisect import bisect_right
from typing import NamedTuple

EDGES = (0.86, 0.90, 0.93, 0.95, 0.97, 0.98, 0.99)
LOWEST = 0.80
"""Similarity below which nothing is learned, and nothing served."""

BANDS = len(EDGES) + 1
ACCEPTED = ""
"""The guard's word where no rule vetoes."""


class Cell(NamedTuple):
    """A rule of the guard (or `ACCEPTED`), and a band of similarity from 0 to `BANDS` - 1."""

    rule: str
    band: int

    def __str__(self) -> str:
        """The name under which stores count, such as "entities:3"."""
        return f"{self.rule}:{self.band}"


def cell_of(similarity: float, rule: str | None) -> Cell | None:
    """The cell of a candidate; None below `LOWEST`."""
    if similarity < LOWEST:
        return None
    return Cell(rule or ACCEPTED, bisect_right(EDGES, similarity))


def parsed_cell(name: str) -> Cell | None:
    """The cell of a name, or None for a name that is none."""
    rule, _, band = name.rpartition(":")
    if not band.isdigit() or int(band) >= BANDS:
        return None
    return Cell(rule, int(band))


def lower_edge(band: int) -> float:
    """The least similarity of a band."""
    return EDGES[band - 1] if band else LOWEST
