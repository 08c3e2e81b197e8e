"""Counters of nearest prompts: how similar they were, and what became of them.

Decides the bands, hundredths of cosine similarity, and the three outcomes. Never keeps single
values.
"""

from collections.abc import Mapping

from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Reason, Result

PREFIX = "similarity:"
SERVED, VETOED, NOT_SERVED = "served", "vetoed", "not_served"
FATES = (SERVED, VETOED, NOT_SERVED)
"""The nearest prompt's answer was served; the guard saw a difference; it was not served else."""

_HITS = frozenset({Result.HIT_SEMANTIC, Result.HIT_EXACT, Result.STALE, Result.COALESCED})
_HUNDRED = 100
_LAST = 99
_DIGITS = 4
"""As the request log rounds, so that its lines fall into the same bands."""


def similarity_count(similarity: float, result: str, reason: str) -> dict[str, int]:
    """The count of a request whose prompt was compared with the nearest stored one."""
    rounded = round(round(similarity, _DIGITS) * _HUNDRED, 2)
    band = min(_LAST, max(0, int(rounded)))
    return {f"{PREFIX}{_fate(result, reason)}:{band:02d}": 1}


def _fate(result: str, reason: str) -> str:
    if result in _HITS:  # an exact one where a promotion was found
        return SERVED
    return VETOED if reason.partition(":")[0] == Reason.GUARD else NOT_SERVED


@record()
class SimilarityBand:
    """Requests whose nearest prompt was at least as similar as `low`, and less than the next."""

    low: float
    served: int
    vetoed: int
    not_served: int


def similarity_bands(counts: Mapping[str, int]) -> list[SimilarityBand]:
    """The bands in which anything was counted, and all between them, lowest first."""
    found: dict[int, dict[str, int]] = {}
    for name, amount in counts.items():
        fate, _, band = name.removeprefix(PREFIX).partition(":")
        if name.startswith(PREFIX) and fate in FATES and band.isdecimal() and amount > 0:
            held = found.setdefault(int(band), dict.fromkeys(FATES, 0))
            held[fate] += amount
    if not found:
        return []
    nothing = dict.fromkeys(FATES, 0)
    return [
        SimilarityBand(band / _HUNDRED, **found.get(band, nothing))
        for band in range(min(found), max(found) + 1)
    ]
