"""What was read of noisy labels, and the two halves that QQP's pairs fall into.

Every candidate that the guard accepts and that is labelled as different was read again, of QQP in
both halves and of Banking77's training part, among some that are labelled as the same; label, score
and similarity were hidden. A label "different" is put right where the reading found one question.
A list has a line for each: a digest of the pair, and "wording" or "writing" for what alone differs
("other" where one answer does not serve both).
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_READINGS = {
    "QQP": Path(__file__).with_name("qqp_readings.txt"),
    "Banking77 train": Path(__file__).with_name("banking77_readings.txt"),
}
SAME = frozenset({"wording", "writing"})


def digest(a: str, b: str) -> str:
    """A pair's name in the list of readings."""
    return hashlib.sha256("\n".join(sorted((a, b))).encode()).hexdigest()[:12]


@cache
def readings(name: str) -> dict[str, bool]:
    """Whether one answer serves both, by the pair's digest; of data never read again, nothing."""
    if name not in _READINGS:
        return {}
    lines = (line.split() for line in _READINGS[name].read_text().splitlines() if line[:1] != "#")
    return {pair: found in SAME for pair, found in lines}


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
