"""When to stop asking a part that does not answer, and when to try it again.

Trips at the first timeout, since each costs a whole deadline, or at several errors in a row, which
cost little. One probe is let through after the rest; what it finds decides.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """Closed, open until a time, or half-open with one probe out; times are monotonic seconds."""

    rest_seconds: float = 2.0
    errors_to_trip: int = 3
    _errors: int = 0
    _open_until: float | None = None
    _probing_until: float = 0.0

    def allows(self, now: float) -> bool:
        """Whether to ask at `now`; a yes while open is the probe."""
        if self._open_until is None:
            return True
        if now < self._open_until or now < self._probing_until:
            return False
        self._probing_until = now + self.rest_seconds
        return True

    def succeeded(self) -> None:
        """The part answered: ask it freely."""
        self._errors = 0
        self._open_until = None
        self._probing_until = 0.0

    def failed(self, now: float, *, timed_out: bool) -> None:
        """The part did not answer, or not sensibly."""
        self._errors += 1
        if timed_out or self._open_until is not None or self._errors >= self.errors_to_trip:
            self._open_until = now + self.rest_seconds
            self._probing_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the part counts as away."""
        return self._open_until is not None
