"""How much memory a server holds, the processes that it has started with it."""

import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """Of the process and of its children; 0 for one that is gone. What they share counts twice."""
    return sum(_resident_bytes(each) for each in (pid, *children(pid)))


def largest_resident_bytes(pid: int) -> int:
    """Of the process or of one of its children, whichever holds most."""
    return max(_resident_bytes(each) for each in (pid, *children(pid)))


def children(pid: int) -> list[int]:
    """Processes that this one has started, and that run."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(each) for each in listed.split()]


def _resident_bytes(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * _PAGE_BYTES
