"""What was read of QQP's labels, which are noisy, and the two halves that the pairs fall into.

Every candidate that the guard accepts and that is labelled as different was read again, in both
halves, among some that are labelled as the same; label, score and similarity were hidden. A label
"different" is put right where the reading found one question. `qqp_readings.txt` has a line for
each: a digest of the pair, and "wording" or "writing" for what alone differs ("other" where one
answer does not serve both).
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_READINGS = Path(__file__).with_name("qqp_readings.txt")
SAME = frozenset({"wording", "writing"})


def digest(a: str, b: str) -> str:
    """A pair's name in the list of readings."""
    return hashlib.sha256("\n".join(sorted((a, b))).encode()).hexdigest()[:12]


@cache
def readings() -> dict[str, bool]:
    """Whether one answer serves both, by the pair's digest."""
    lines = (line.split() for line in _READINGS.read_text().splitlines() if line[:1] != "#")
    return {name: found in SAME for name, found in lines}


def halves(pairs: Iterable[tuple[str, str]]) -> dict[str, int]:
    """The half that each text is in, 0 or 1; no pair has a text in either."""
    parents: dict[str, str] = {}

    def least(text: str) -> str:
        while (parent := parents.setdefault(text, text)) != text:
            parents[text] = parents[parent]
            text = parent
        return text

    for pair in pairs:
        one, other = sorted(least(text) for text in pair)
        parents[other] = one
    return {text: hashlib.sha256(least(text).encode()).digest()[0] % 2 for text in list(parents)}
