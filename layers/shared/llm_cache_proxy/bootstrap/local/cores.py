"""How many cores this process may keep busy: those it may run on, within its container's share.

A container with a share of one core may run on all cores of its host, and is halted for the rest
of each period once its threads together have used that up.
"""

import os
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
"""In a container its own, on Linux. A limit further out, as of a systemd service, is not seen."""


def usable_cores(cgroups: Path = _CGROUPS) -> int:
    """At least one."""
    cores = _allowed_cores()
    share = _share(cgroups)
    return cores if share is None else min(cores, max(1, share))


def _allowed_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _share(cgroups: Path) -> int | None:
    """The whole cores in the share; None where there is no limit, or no way to tell."""
    try:
        quota, period = map(int, _quota_and_period(cgroups))
    except (OSError, ValueError):  # `max` is no number either
        return None
    return quota // period if quota > 0 < period else None


def _quota_and_period(cgroups: Path) -> list[str]:
    """Processor time in each period, and the period's length, as the kernel writes both."""
    if (second := cgroups / "cpu.max").exists():  # cgroups of version 2
        return second.read_text(encoding="ascii").split()
    first = (cgroups / "cpu" / f"cpu.cfs_{which}_us" for which in ("quota", "period"))
    return [each.read_text(encoding="ascii") for each in first]
