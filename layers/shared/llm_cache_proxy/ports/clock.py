"""Time, so that tests can hold it still."""

from typing import Protocol


class Clock(Protocol):
    """Never fails."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        ...
