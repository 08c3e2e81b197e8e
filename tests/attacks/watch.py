"""What another client sees of a server under attack, and how much memory the server holds."""

import http.client
import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from servers.proxy.process import ProxyProcess

_PAUSE_SECONDS = 0.05
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Watch:
    """Asks for `/health` again and again; keeps how long each answer took."""

    def __init__(self, proxy: ProxyProcess) -> None:
        self._address = urlsplit(proxy.url).netloc
        self._pid = proxy.process.pid
        self._stop = threading.Event()
        self.seconds: list[float] = []
        self.failures: list[str] = []
        self.most_bytes = 0

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Watch while the block runs."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join(30)

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

    def _watch(self) -> None:
        # One connection, kept: a server that has no other free still answers on it.
        connection = http.client.HTTPConnection(self._address, timeout=20)
        while not self._stop.wait(_PAUSE_SECONDS):
            self.most_bytes = max(self.most_bytes, self._resident_bytes())
            begun = time.monotonic()
            try:
                connection.request("GET", "/health")
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as exc:
                self.failures.append(repr(exc))
                connection.close()
                continue
            self.seconds.append(time.monotonic() - begun)
            if response.status != 200:
                self.failures.append(str(response.status))
        connection.close()

    def _resident_bytes(self) -> int:
        pages = Path(f"/proc/{self._pid}/statm").read_text().split()[1]
        return int(pages) * _PAGE_BYTES
