"""What a tenant's labels say so far: counts by cell, controls, and the checks of what was served.

Sums only, so that any number of instances may add to it in any order. Its size does not grow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from llm_cache_proxy.domain.promise.cells import Cell, parsed_cell

CONTROL = "control"
CHECK = "check"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many candidates were `seen`, how many of them `labelled`, and how many `differing`."""

    seen: float = 0.0
    labelled: float = 0.0
    differing: float = 0.0


NONE_YET = Tally()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was counted for a tenant since its world last changed.

    `controls` are exact hits that were asked again: what differs there is the judge's error.
    `checks` are served hits that were asked again, window by window, oldest first; the `seen` of
    each is how many of its checks were expected to differ. `hits` were served by what was learned.
    """

    cells: Mapping[Cell, Tally] = field(default_factory=dict)
    controls: Tally = NONE_YET
    checks: tuple[Tally, ...] = ()
    hits: float = 0.0

    def of(self, cell: Cell) -> Tally:
        """What was counted of a cell."""
        return self.cells.get(cell, NONE_YET)

    @property
    def labels(self) -> float:
        """How many labels there are, controls apart."""
        return sum(tally.labelled for tally in self.cells.values())


def tallies_of(sums: Mapping[str, float]) -> dict[str, Tally]:
    """The tallies in a store's sums (`sums_of`), by their owners' names."""
    grouped: dict[str, dict[str, float]] = {}
    for name, amount in sums.items():
        owner, _, part = name.rpartition("/")
        grouped.setdefault(owner, {})[part] = amount
    return {
        owner: Tally(*(max(0.0, parts.get(part, 0.0)) for part in ("s", "l", "d")))
        for owner, parts in grouped.items()
    }


def cells_of(tallies: Mapping[str, Tally]) -> dict[Cell, Tally]:
    """Those of the tallies whose owners are cells."""
    return {
        cell: tally for owner, tally in tallies.items() if (cell := parsed_cell(owner)) is not None
    }


def sums_of(owner: Cell | str, added: Tally) -> dict[str, float]:
    """What a store adds to its sums for `added`; nothing for noughts."""
    parts = (("s", added.seen), ("l", added.labelled), ("d", added.differing))
    return {f"{owner}/{part}": amount for part, amount in parts if amount}
