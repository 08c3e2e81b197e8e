"""How long followers wait between two looks at the store: each look is a paid command.

The first comes when the model's upstream is usually done; the next ones further and further
apart. Arithmetic alone: the caller brings chance.
"""

from collections import deque
from collections.abc import Iterator
from statistics import median

UNKNOWN_SECONDS = 1.0
"""Expected of a model that this process has not called yet."""
_LEAST_SECONDS, _MOST_SECONDS = 0.05, 2.0
_SPREAD = 0.25
_GROWTH = 1.5
_KEPT = 20
_MOST_MODELS = 200


class UpstreamPace:
    """The median of each model's last answer times, in seconds."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[float]] = {}

    def saw(self, model: str, seconds: float) -> None:
        """Remember one answer's time."""
        if model not in self._seen and len(self._seen) >= _MOST_MODELS:
            self._seen.pop(next(iter(self._seen)))
        self._seen.setdefault(model, deque(maxlen=_KEPT)).append(seconds)

    def expected_seconds(self, model: str) -> float:
        """How long an answer usually takes."""
        seen = self._seen.get(model)
        return median(seen) if seen else UNKNOWN_SECONDS


def pauses(expected_seconds: float, age_seconds: float, fraction: float) -> Iterator[float]:
    """The waits before each look at a leader who began `age_seconds` ago, without end.

    The first lasts until the answer is due; later ones begin at a quarter of the usual time and
    grow by half. `fraction` in [0, 1) spreads those who wait: up to a quarter longer.
    """
    stretch = 1 + _SPREAD * fraction
    yield _bounded(expected_seconds - age_seconds, 30.0) * stretch
    pause = expected_seconds / 4
    while True:
        yield _bounded(pause, _MOST_SECONDS) * stretch
        pause *= _GROWTH


def _bounded(seconds: float, most: float) -> float:
    return min(most, max(_LEAST_SECONDS, seconds))
