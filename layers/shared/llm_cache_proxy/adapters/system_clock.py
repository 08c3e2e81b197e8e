"""The machine's own time."""

import time


class SystemClock:
    """The `Clock` of every real root."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return time.monotonic()
