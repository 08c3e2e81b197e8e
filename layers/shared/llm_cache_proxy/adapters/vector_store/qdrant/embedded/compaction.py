"""Gives the space of removed points back, in a process of its own.

The engine holds Python's lock while it writes a collection anew, which on a busy disk takes
seconds: in the server's process nobody would be answered. It also keeps what it has replaced in
memory until the collection is closed. So nobody else may have the collection open meanwhile.
"""

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import sys
import qdrant_edge
shard = qdrant_edge.EdgeShard.load(sys.argv[1])
shard.optimize()
shard.flush()
shard.close()
"""
_LONGEST_SECONDS = 300


def compact(path: Path) -> bool:
    """Whether the collection in `path` was compacted; it is as sound as before where it was not."""
    command = [sys.executable, "-c", _PROGRAM, str(path)]
    try:
        ended = subprocess.run(  # noqa: S603 - our own program, and a folder of ours
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LONGEST_SECONDS,
            check=False,
            start_new_session=True,  # an interrupt at the terminal is the server's alone
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
