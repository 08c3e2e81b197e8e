"""What a tenant's labels say so far: counts by cell, controls, and the checks of what was served.

Sums only, so that any number of instances may add to it in any order. Its size does not grow:
fingerprints fall into a few groups, whatever is asked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
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


GROUPS = 8
"""Groups that a tenant's fingerprints fall into."""


def group_of(fingerprint: str) -> int:
    """The group of all candidates that have this fingerprint."""
    return int(fingerprint[:8], 16) % GROUPS


@dataclass(frozen=True, slots=True)
class Evidence:
    """What some candidates are decided by: their `cells`, and the whole tenant's other counts.

    All of it was counted since the tenant's world last changed, but for the controls.
    `controls` are exact hits that were asked again: what differs there is the judge's error.
    `checks` are served hits that were asked again, window by window, oldest first; the `seen` of
    each is how many of its checks were expected to differ. `hits` were served by what was learned.
    `changed` says that something was forgotten.
    """

    cells: Mapping[Cell, Tally] = field(default_factory=dict)
    controls: Tally = NONE_YET
    checks: tuple[Tally, ...] = ()
    hits: float = 0.0
    changed: bool = False

    def of(self, cell: Cell) -> Tally:
        """What was counted of a cell."""
        return self.cells.get(cell, NONE_YET)

    @property
    def total(self) -> Tally:
        """All cells together."""
        return added(self.cells.values())


@dataclass(frozen=True, slots=True)
class TenantEvidence:
    """The same by group; all but the cells is the whole tenant's."""

    groups: Mapping[int, Mapping[Cell, Tally]] = field(default_factory=dict)
    controls: Tally = NONE_YET
    checks: tuple[Tally, ...] = ()
    hits: float = 0.0
    changed: bool = False

    def of(self, groups: Collection[int]) -> Evidence:
        """The evidence on the candidates of these groups."""
        held = [self.groups[group] for group in groups if group in self.groups]
        return Evidence(_together(held), self.controls, self.checks, self.hits, self.changed)

    def seen(self, group: int) -> float:
        """How many candidates of the group were seen."""
        return sum(tally.seen for tally in self.groups.get(group, {}).values())

    @property
    def whole(self) -> Evidence:
        """The evidence on all candidates."""
        return self.of(self.groups)


def added(tallies: Iterable[Tally]) -> Tally:
    """The sum of tallies."""
    seen = labelled = differing = 0.0
    for tally in tallies:
        seen += tally.seen
        labelled += tally.labelled
        differing += tally.differing
    return Tally(seen, labelled, differing)


def _together(held: Sequence[Mapping[Cell, Tally]]) -> Mapping[Cell, Tally]:
    if len(held) == 1:
        return held[0]
    found: dict[Cell, list[Tally]] = {}
    for cells in held:
        for cell, tally in cells.items():
            found.setdefault(cell, []).append(tally)
    return {cell: added(tallies) for cell, tallies in found.items()}


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


def owner_of(group: int, cell: Cell) -> str:
    """Under which name the tally of a group's cell is kept, such as "3:entities@5"."""
    return f"{group}:{cell}"


def groups_of(tallies: Mapping[str, Tally]) -> dict[int, dict[Cell, Tally]]:
    """Those of the tallies whose owners are the cells of groups."""
    found: dict[int, dict[Cell, Tally]] = {}
    for owner, tally in tallies.items():
        group, _, name = owner.partition(":")
        cell = parsed_cell(name)
        if cell is not None and group.isdigit() and int(group) < GROUPS:
            found.setdefault(int(group), {})[cell] = tally
    return found


def sums_of(owner: str, added: Tally) -> dict[str, float]:
    """What a store adds to its sums for `added`; nothing for noughts."""
    parts = (("s", added.seen), ("l", added.labelled), ("d", added.differing))
    return {f"{owner}/{part}": amount for part, amount in parts if amount}
