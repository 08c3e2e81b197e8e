"""How many cores this process may keep busy: those it may run on, within its container's share.

A container with a share of one core may run on all cores of its host, and is halted for the rest
of each period once its threads together have used that up. Each group of processes that the
container lies in may have a share too (a pod, a slice of systemd's): the least of them counts.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_CGROUPS = Path("/sys/fs/cgroup")
"""On Linux. A container that has a view of its own sees its own group as the root, and no further:
a limit on a group outside it cannot be seen."""

_MEMBERSHIPS = Path("/proc/self/cgroup")
"""This process's groups, one a line: number, controllers (none: version 2), and path."""


def usable_cores(cgroups: Path = _CGROUPS, memberships: Path = _MEMBERSHIPS) -> int:
    """At least one."""
    shares = [share for group in _groups(cgroups, memberships) if (share := _share(group))]
    return max(1, int(min([_allowed_cores(), *shares])))


def _allowed_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(cgroups: Path, memberships: Path) -> Iterator[Path]:
    """The folders of the groups that this process is in, innermost first, each with its root."""
    roots = {"": (cgroups, cgroups / "unified"), "cpu": (cgroups / "cpu",)}
    try:
        lines = memberships.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        lines = []
    paths = {"": "/", "cpu": "/"}
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            if controller in paths and ".." not in PurePosixPath(path).parts:
                paths[controller] = path
    for controller, path in paths.items():
        inner = PurePosixPath(path.lstrip("/"))
        for root in roots[controller]:
            for group in (inner, *inner.parents):
                yield root / group


def _share(group: Path) -> float | None:
    """The cores in a group's share; None where there is no limit, or no way to tell."""
    try:
        quota, period = map(int, _quota_and_period(group))
    except (OSError, ValueError):  # `max` is no number either
        return None
    return quota / period if quota > 0 < period else None


def _quota_and_period(group: Path) -> list[str]:
    """Processor time in each period, and the period's length, as the kernel writes both."""
    if (second := group / "cpu.max").exists():  # cgroups of version 2
        return second.read_text(encoding="ascii").split()
    first = (group / f"cpu.cfs_{which}_us" for which in ("quota", "period"))
    return [each.read_text(encoding="ascii") for each in first]
