"""Labels as counters: the names that they are counted under, and the evidence they add up to.

They are counted with everything else, so that they cost no command of their own. What is old is
left out where the store folds it into one total; what was before a change of the world is left out
with the window that says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from math import ceil

from llm_cache_proxy.domain.promise.cells import Cell
from llm_cache_proxy.domain.promise.evidence import (
    CHECK,
    CONTROL,
    Tally,
    TenantEvidence,
    groups_of,
    owner_of,
    sums_of,
    tallies_of,
)

PREFIX = "learn:"
FORGOTTEN = "learn:forgotten"
"""Counted when the world has changed: what was counted in that window and before counts no more."""

HITS = "learn:hits"
"""Semantic hits that were served by what was learned."""

FIXED = "learn:fixed"
"""Candidates that the operator's threshold and the guard would have served."""

SPENT = "learn:nano_dollars"
"""What checks and controls have cost, in billionths of a dollar."""

LABELS = "learn:labels:"
"""Labels by their source: `explored`, `missed`, `control`, `feedback`."""
_FEEDBACK = f"{LABELS}feedback"

_MILLE = 1_000


def seen_counts(
    group: int, cell: Cell, *, served: bool = False, fixed: bool = False
) -> dict[str, int]:
    """What a candidate adds; `fixed` where the operator's threshold would have served it."""
    told = {HITS: served, FIXED: fixed}
    seen = _named(owner_of(group, cell), Tally(seen=1))
    return seen | {name: 1 for name, is_so in told.items() if is_so}


def label_counts(group: int, cell: Cell, *, differs: bool, source: str) -> dict[str, int]:
    """What a label adds."""
    label = Tally(labelled=1, differing=int(differs))
    return _named(owner_of(group, cell), label) | {LABELS + source: 1}


def check_counts(expected: float, *, differs: bool) -> dict[str, int]:
    """What the label of a served hit adds beside; `expected` is the share that differs.

    Counted in thousandths, and upwards: where a check was to differ never, two or three that do in
    five weeks would pass for a change of the world.
    """
    return _named(CHECK, Tally(ceil(expected * _MILLE), 1, int(differs)))


def feedback_counts() -> dict[str, int]:
    """What a word against a semantic hit adds: it counts as a check that differs.

    Feedback does not name the cell; many in a short time mean that something has changed.
    """
    return check_counts(0.0, differs=True) | {_FEEDBACK: 1}


def control_counts(*, differs: bool) -> dict[str, int]:
    """What an exact hit adds that was asked again."""
    return _named(CONTROL, Tally(labelled=1, differing=int(differs))) | {LABELS + CONTROL: 1}


def spent_counts(nano_dollars: int) -> dict[str, int]:
    """What a call adds that was made for a label's sake."""
    return {SPENT: nano_dollars} if nano_dollars else {}


def evidence_in(newest_first: Iterable[Mapping[str, int]]) -> TenantEvidence:
    """The evidence in counter windows; controls count whatever has changed since."""
    windows = list(newest_first)
    present = _present(windows)
    found = (_tally(CHECK, [counts]) for counts in reversed(present))
    checks = (Tally(each.seen / _MILLE, each.labelled, each.differing) for each in found)
    return TenantEvidence(
        groups_of(tallies_of(_added(present))),
        _tally(CONTROL, windows),
        tuple(check for check in checks if check.labelled),
        sum(counts.get(HITS, 0) for counts in present),
        changed=len(present) < len(windows),
    )


def checks_in(newest_first: Iterable[Mapping[str, int]]) -> tuple[Tally, Tally]:
    """The checks of served hits, all together, and the controls; as `evidence_in` counts them.

    Less feedback: it comes only from those who are not content, and says no share of anything.
    """
    windows = list(newest_first)
    present = _present(windows)
    checks = _tally(CHECK, present)
    told = sum(counts.get(_FEEDBACK, 0) for counts in present)
    checked = Tally(checks.seen, checks.labelled - told, checks.differing - told)
    return checked, _tally(CONTROL, windows)


def labels_by_source(windows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """How many labels came from where, in all the windows."""
    found: dict[str, int] = {}
    for counts in windows:
        for name, amount in counts.items():
            if name.startswith(LABELS):
                source = name.removeprefix(LABELS)
                found[source] = found.get(source, 0) + amount
    return dict(sorted(found.items()))


def _present(newest_first: Sequence[Mapping[str, int]]) -> list[Mapping[str, int]]:
    """The windows since the world has changed."""
    return list(takewhile(lambda counts: FORGOTTEN not in counts, newest_first))


def _named(owner: str, added: Tally) -> dict[str, int]:
    return {PREFIX + name: round(amount) for name, amount in sums_of(owner, added).items()}


def _added(windows: Iterable[Mapping[str, int]]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for counts in windows:
        for name, amount in counts.items():
            if name.startswith(PREFIX):
                sums[name] = sums.get(name, 0.0) + amount
    return {name.removeprefix(PREFIX): amount for name, amount in sums.items()}


def _tally(owner: str, windows: Sequence[Mapping[str, int]]) -> Tally:
    names = sums_of(f"{PREFIX}{owner}", Tally(1, 1, 1))
    return Tally(*(sum(counts.get(name, 0) for counts in windows) for name in names))
