"""A guard whose own failure is a veto."""

import logging
from typing import TYPE_CHECKING

from llm_cache_proxy.domain.guard import Guard

if TYPE_CHECKING:
    from llm_cache_proxy.domain.guard.pair.traits import Traits
    from llm_cache_proxy.domain.guard.rule import Verdict

FAILED = "failed"
"""The rule by which a pair is vetoed that the guard could not compare."""
_log = logging.getLogger(__name__)


class CautiousGuard(Guard):
    """The guard, with a veto by the rule `failed` where comparing raises anything.

    Prompts are anybody's text, and a fault that one of them finds in a rule is no reason to fail
    a request that the upstream can answer. It is logged without the texts.
    """

    def __init__(self, guard: Guard) -> None:
        super().__init__()
        self._guard = guard

    @property
    def decision_version(self) -> int:
        """The guard's own."""
        return self._guard.decision_version

    def compare(self, a: str, b: str) -> "Verdict":
        """The guard's verdict; never raises."""
        try:
            return self._guard.compare(a, b)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it says nothing of the request
            return _vetoed(exc)

    def compare_closely(self, a: str, b: str) -> "tuple[Verdict, Traits]":
        """The guard's verdict and what differs, which is nothing known after a failure."""
        try:
            return self._guard.compare_closely(a, b)
        except Exception as exc:  # noqa: BLE001 - as above
            from llm_cache_proxy.domain.guard.pair.traits import NO_TRAITS  # noqa: PLC0415

            return _vetoed(exc), NO_TRAITS

    def load(self) -> None:
        """Load the guard."""
        self._guard.load()


def _vetoed(exc: Exception) -> "Verdict":
    from llm_cache_proxy.domain.guard.rule import veto  # noqa: PLC0415 - read with the rules

    # Neither the message nor the traceback: both may quote a prompt.
    frame = exc.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = "" if frame is None else f" at {frame.tb_frame.f_globals['__name__']}:{frame.tb_lineno}"
    _log.error("the guard failed with %s%s", type(exc).__name__, place)
    return veto(FAILED, type(exc).__name__)
