"""What a process and its children have used, from Linux's /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12  # after the command's closing bracket


def cpu_seconds(process_id: int) -> float:
    """User and system time of the process and its living children, all threads."""
    return sum(_own_cpu_seconds(each) for each in _family(process_id))


def resident_mb(process_id: int) -> float:
    """Resident memory of the process and its living children, in MB (10^6 bytes)."""
    return sum(_own_resident_kb(each) for each in _family(process_id)) * 1024 / 1e6


def _own_cpu_seconds(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS


def _own_resident_kb(process_id: int) -> int:
    for line in Path(f"/proc/{process_id}/status").read_text("utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _family(process_id: int) -> Iterator[int]:
    yield process_id
    children = Path(f"/proc/{process_id}/task/{process_id}/children")
    for child in children.read_text("ascii").split():
        yield from _family(int(child))
