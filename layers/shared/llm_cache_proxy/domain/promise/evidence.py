"""What a tenant's labels say so far: counts by cell, controls, and the latest audits.

Sums only, so that any number of instances may add to it in any order. Its size does not grow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llm_cache_proxy.domain.promise.cells import Cell, parsed_cell

CONTROL = "control"
RECENT = "recent"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many candidates were `seen`, how many of them `labelled`, and how many `differing`."""

    seen: float = 0.0
    labelled: float = 0.0
    differing: float = 0.0


NONE_YET = Tally()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was counted for a tenant.

    `controls` are exact hits that were asked again: what differs there is the judge's error.
    `recent` are the latest hits that were asked again; its `seen` is how many of those were
    expected to differ.
    """

    cells: Mapping[Cell, Tally] = field(default_factory=dict)
    controls: Tally = NONE_YET
    recent: Tally = NONE_YET

    def of(self, cell: Cell) -> Tally:
        """What was counted of a cell."""
        return self.cells.get(cell, NONE_YET)

    @property
    def labels(self) -> float:
        """How many labels there are, controls apart."""
        return sum(tally.labelled for tally in self.cells.values())


def evidence_of(sums: Mapping[str, float]) -> Evidence:
    """The evidence in a store's sums (`sum_names`); names that are unknown are passed over."""
    grouped: dict[str, dict[str, float]] = {}
    for name, amount in sums.items():
        owner, _, part = name.rpartition("/")
        grouped.setdefault(owner, {})[part] = amount
    tallies = {
        owner: Tally(
            max(0.0, parts.get("s", 0.0)),
            max(0.0, parts.get("l", 0.0)),
            max(0.0, parts.get("d", 0.0)),
        )
        for owner, parts in grouped.items()
    }
    cells = {
        cell: tally for owner, tally in tallies.items() if (cell := parsed_cell(owner)) is not None
    }
    return Evidence(cells, tallies.get(CONTROL, NONE_YET), tallies.get(RECENT, NONE_YET))


def sums_of(owner: Cell | str, added: Tally) -> dict[str, float]:
    """What a store adds to its sums for `added`; nothing for noughts."""
    parts = (("s", added.seen), ("l", added.labelled), ("d", added.differing))
    return {f"{owner}/{part}": amount for part, amount in parts if amount}
