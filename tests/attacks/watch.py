"""What another client sees of the servers under attack, and how much memory each holds.

In a process of its own: in the tests' the watcher would wait for its turn while they make ready
what they send, and take that for the server's slowness.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from servers.proxy.process import ProxyProcess

_PAUSE_SECONDS = 0.05
_STOP_SECONDS = 30
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Asks `proxy` for `/health` again and again; keeps how long each answer took.

    `most_bytes` is the most that any of the processes held.
    """

    def __init__(self, proxy: ProxyProcess, *others: ProxyProcess) -> None:
        self._address = urlsplit(proxy.url).netloc
        self._pids = [each.process.pid for each in (proxy, *others)]
        self._process: subprocess.Popen[bytes] | None = None
        self.seconds: list[float] = []
        self.failures: list[str] = []
        self.most_bytes = 0

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Watch while the block runs, or until `stop`."""
        command = [sys.executable, __file__, self._address, *map(str, self._pids)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
        ) as self._process:
            try:
                yield self
            finally:
                self.stop()

    def stop(self) -> None:
        """End the watch, and know what it saw; once is enough."""
        process, self._process = self._process, None
        if process is not None:
            said, _ = process.communicate(timeout=_STOP_SECONDS)  # its input ends: it tells
            found = json.loads(said)
            self.seconds, self.failures = found["seconds"], found["failures"]
            self.most_bytes = found["most_bytes"]

    def __str__(self) -> str:
        """What was seen, in a sentence."""
        return (
            f"Another client asked {len(self.seconds)} times meanwhile: median "
            f"{self.median_ms:.1f} ms, worst {self.worst_ms:.0f} ms. Most resident memory: "
            f"{self.most_bytes / 1e6:.0f} MB."
        )

    @property
    def median_ms(self) -> float:
        """Of all answers' times."""
        return statistics.median(self.seconds) * 1000

    @property
    def worst_ms(self) -> float:
        """The longest of them."""
        return max(self.seconds) * 1000

    def beyond(self, milliseconds: float) -> float:
        """The fraction of answers that took longer."""
        slow = sum(spent * 1000 > milliseconds for spent in self.seconds)
        return slow / len(self.seconds)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


def _watched(address: str, pids: list[int]) -> dict[str, object]:
    """Ask until the input ends."""
    seconds: list[float] = []
    failures: list[str] = []
    most_bytes = 0
    os.set_blocking(sys.stdin.fileno(), False)
    # One connection, kept: a server that has no other free still answers on it.
    connection = http.client.HTTPConnection(address, timeout=20)
    while not _input_ended():
        time.sleep(_PAUSE_SECONDS)
        most_bytes = max(most_bytes, *map(_resident_bytes, pids))
        begun = time.monotonic()
        try:
            connection.request("GET", "/health")
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as exc:
            failures.append(repr(exc))
            connection.close()
            continue
        seconds.append(time.monotonic() - begun)
        if response.status != http.HTTPStatus.OK:
            failures.append(str(response.status))
    connection.close()
    return {"seconds": seconds, "failures": failures, "most_bytes": most_bytes}


def _input_ended() -> bool:
    try:
        return not os.read(sys.stdin.fileno(), 1)
    except BlockingIOError:
        return False


def _resident_bytes(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * _PAGE_BYTES


if __name__ == "__main__":
    _, asked, *watched_pids = sys.argv
    sys.stdout.write(json.dumps(_watched(asked, [int(each) for each in watched_pids])))
