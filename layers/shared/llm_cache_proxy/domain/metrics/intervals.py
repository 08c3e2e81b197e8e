"""How sure a share is, given how many were counted.

Never rounds: the output decides on digits.
"""

from math import sqrt

_Z_95 = 1.959963984540054


def wilson_interval(hits: int, total: int) -> tuple[float, float] | None:
    """The Wilson score interval of `hits` / `total` at 95 %; None for an empty total.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    JASA 22 (1927).
    """
    if total == 0:
        return None
    share = hits / total
    z2 = _Z_95 * _Z_95
    centre = share + z2 / (2 * total)
    spread = _Z_95 * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    scale = 1 + z2 / total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def share(part: int, whole: int) -> float | None:
    """`part` / `whole`, or None when there is no whole."""
    return part / whole if whole else None
