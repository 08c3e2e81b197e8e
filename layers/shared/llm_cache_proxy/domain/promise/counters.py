"""Labels as counters: the names that they are counted under, and the evidence they add up to.

They are counted with everything else, so that they cost no command of their own. What is old is
left out where the store folds it into one total; what was before a change of the world is left out
from the window on that says so.
"""

from collections.abc import Iterable, Mapping

from llm_cache_proxy.domain.promise.cells import Cell
from llm_cache_proxy.domain.promise.evidence import (
    CONTROL,
    RECENT,
    Evidence,
    Tally,
    evidence_of,
    sums_of,
)
from llm_cache_proxy.domain.promise.promise import WINDOW

PREFIX = "learn:"
FORGOTTEN = "learn:forgotten"
"""Counted when the world has changed: what was counted in earlier windows counts no more."""

LABELS = "learn:labels:"
"""Labels by their source: `explored`, `missed`, `control`, `feedback`."""

_MILLE = 1_000


def seen_counts(cell: Cell) -> dict[str, int]:
    """What a candidate adds, whatever became of it."""
    return _named(cell, Tally(seen=1))


def label_counts(cell: Cell, *, differs: bool, source: str) -> dict[str, int]:
    """What a label adds."""
    return _named(cell, Tally(labelled=1, differing=int(differs))) | {LABELS + source: 1}


def audit_counts(expected: float, *, differs: bool) -> dict[str, int]:
    """What the label of an explored hit adds beside; `expected` is the share that differs."""
    audit = Tally(round(expected * _MILLE), 1, int(differs))
    return _named(RECENT, audit)


def feedback_counts() -> dict[str, int]:
    """What a word against a semantic hit adds: it counts as an explored hit that differs.

    Feedback does not name the cell; many in a short time mean that something has changed.
    """
    return audit_counts(0.0, differs=True) | {f"{LABELS}feedback": 1}


def control_counts(*, differs: bool) -> dict[str, int]:
    """What an exact hit adds that was asked again."""
    return _named(CONTROL, Tally(labelled=1, differing=int(differs))) | {LABELS + CONTROL: 1}


def evidence_in(newest_first: Iterable[Mapping[str, int]]) -> Evidence:
    """The evidence in counter windows, and in `recent` the audits of the last of them."""
    sums: dict[str, float] = {}
    recent: dict[str, float] = {}
    for counts in newest_first:
        own = {
            name.removeprefix(PREFIX): amount
            for name, amount in counts.items()
            if name.startswith(PREFIX)
        }
        if recent.get(f"{RECENT}/l", 0) < WINDOW:
            _add(recent, {name: own[name] for name in own if name.startswith(f"{RECENT}/")})
        _add(sums, {name: own[name] for name in own if not name.startswith(f"{RECENT}/")})
        if FORGOTTEN in counts:
            break
    recent[f"{RECENT}/s"] = recent.get(f"{RECENT}/s", 0.0) / _MILLE
    return evidence_of(sums | recent)


def _named(owner: Cell | str, added: Tally) -> dict[str, int]:
    return {PREFIX + name: round(amount) for name, amount in sums_of(owner, added).items()}


def _add(sums: dict[str, float], added: Mapping[str, float]) -> None:
    for name, amount in added.items():
        sums[name] = sums.get(name, 0.0) + amount


def labels_by_source(windows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """How many labels came from where, in all the windows."""
    found: dict[str, float] = {}
    for counts in windows:
        _add(
            found,
            {
                name.removeprefix(LABELS): amount
                for name, amount in counts.items()
                if name.startswith(LABELS)
            },
        )
    return {source: round(amount) for source, amount in sorted(found.items())}
