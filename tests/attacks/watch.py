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

from servers.proxy.memory import largest_resident_bytes
from servers.proxy.process import ProxyProcess

_PAUSE_SECONDS = 0.05
_STOP_SECONDS = 30


class Watch:
    """Asks `proxy` for `/health` again and again; keeps how long each answer took.

    In turns it asks `idle`, which nobody attacks. `most_bytes` is the most that any process of
    the servers held.
    """

    def __init__(self, proxy: ProxyProcess, *others: ProxyProcess, idle: ProxyProcess) -> None:
        self._addresses = [urlsplit(each.url).netloc for each in (proxy, idle)]
        self._pids = [each.process.pid for each in (proxy, *others)]
        self._process: subprocess.Popen[bytes] | None = None
        self.seconds: list[float] = []
        self.idle_seconds: list[float] = []
        self.failures: list[str] = []
        self.most_bytes = 0

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Watch while the block runs, or until `stop`."""
        command = [sys.executable, __file__, *self._addresses, *map(str, self._pids)]
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
            self.seconds, self.idle_seconds = found["seconds"]
            self.failures = found["failures"]
            self.most_bytes = found["most_bytes"]

    def __str__(self) -> str:
        """What was seen, in a sentence."""
        return (
            f"Another client asked {len(self.seconds)} times meanwhile: median "
            f"{self.median_ms:.1f} ms, worst {self.worst_ms:.0f} ms; from a server that nobody "
            f"attacked, in turns: median {self.idle_median_ms:.1f} ms, "
            f"worst {max(self.idle_seconds) * 1000:.0f} ms. Most resident memory: "
            f"{self.most_bytes / 1e6:.0f} MB."
        )

    @property
    def median_ms(self) -> float:
        """Of all answers' times."""
        return statistics.median(self.seconds) * 1000

    @property
    def idle_median_ms(self) -> float:
        """The same of the server that nobody attacks."""
        return statistics.median(self.idle_seconds) * 1000

    @property
    def worst_ms(self) -> float:
        """The longest of them."""
        return max(self.seconds) * 1000

    def beyond(self, milliseconds: float) -> float:
        """The fraction of answers that took longer."""
        return _beyond(milliseconds, self.seconds)

    def idle_beyond(self, milliseconds: float) -> float:
        """The same of the server that nobody attacks."""
        return _beyond(milliseconds, self.idle_seconds)


def _beyond(milliseconds: float, seconds: list[float]) -> float:
    return sum(spent * 1000 > milliseconds for spent in seconds) / len(seconds)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


def _watched(addresses: list[str], pids: list[int]) -> dict[str, object]:
    """Ask until the input ends."""
    seconds: list[list[float]] = [[] for _ in addresses]
    failures: list[str] = []
    most_bytes = 0
    os.set_blocking(sys.stdin.fileno(), False)
    # One connection each, kept: a server that has no other free still answers on it.
    connections = [http.client.HTTPConnection(each, timeout=20) for each in addresses]
    while not _input_ended():
        for connection, spent in zip(connections, seconds, strict=True):
            time.sleep(_PAUSE_SECONDS / len(addresses))
            try:
                spent.append(_answered_after(connection))
            except (OSError, http.client.HTTPException) as exc:
                failures.append(repr(exc))
                connection.close()
        most_bytes = max(most_bytes, *(largest_resident_bytes(each) for each in pids))
    for connection in connections:
        connection.close()
    return {"seconds": seconds, "failures": failures, "most_bytes": most_bytes}


def _answered_after(connection: http.client.HTTPConnection) -> float:
    """Seconds until `/health` was answered; HTTPException where it was not with 200."""
    begun = time.monotonic()
    connection.request("GET", "/health")
    response = connection.getresponse()
    response.read()
    if response.status != http.HTTPStatus.OK:
        raise http.client.HTTPException(response.status)
    return time.monotonic() - begun


def _input_ended() -> bool:
    try:
        return not os.read(sys.stdin.fileno(), 1)
    except BlockingIOError:
        return False


if __name__ == "__main__":
    _, asked, idle, *watched_pids = sys.argv
    sys.stdout.write(json.dumps(_watched([asked, idle], [int(each) for each in watched_pids])))
