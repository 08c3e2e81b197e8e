"""What was read of a tenant's labels last: the evidence, and the plans that follow from it.

Says in the log where a plan takes back what was served. Reads nothing by itself.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from llm_cache_proxy.domain.promise import Part, Promise, TenantEvidence
from llm_cache_proxy.domain.promise.counters import labels_by_source
from llm_cache_proxy.domain.promise.evidence import GROUPS
from llm_cache_proxy.domain.promise.parts import UNKNOWN, part_of
from llm_cache_proxy.ports.exact_store.admin import CounterWindow

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LearningRules:
    """The promise, the least share of learned hits that is checked, and how old a plan may grow.

    A plan is read anew at the first miss after `refresh_seconds`, and behind a check.
    """

    promise: Promise
    explore_rate: float = 0.05
    refresh_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Learned:
    """What was read last, and when."""

    at: float
    rules: LearningRules
    evidence: TenantEvidence = field(default_factory=TenantEvidence)
    parts: Sequence[Part] = (UNKNOWN,)
    counted: Sequence[Mapping[str, int]] = ()
    """The counters of every window that is looked at, newest first."""
    forgotten: TenantEvidence | None = None
    """What drift has made worthless."""

    def part(self, group: int) -> Part:
        """What candidates of the group are decided by."""
        return part_of(self.parts, group)

    @property
    def labels(self) -> Mapping[str, int]:
        """Labels by their source."""
        return labels_by_source(self.counted)

    @property
    def check_rate(self) -> float:
        """The share of learned hits that is checked; where parts differ, the greatest."""
        return max(self.check_rate_of(part) for part in self.parts)

    def check_rate_of(self, part: Part) -> float:
        """The same of one part."""
        return max(self.rules.explore_rate, part.plan.check_rate)


def counts_of(windows: Sequence[CounterWindow]) -> list[Mapping[str, int]]:
    """What was counted window by window, newest first; not what has become one total."""
    return [window.counts for window in reversed(windows) if window.seconds]


def tell(tenant: str, before: Learned, found: Learned) -> bool:
    """Log what is no longer served; whether it is because the world has changed."""
    if found.forgotten is not None:
        if before.forgotten is None:
            _warn(tenant, found.forgotten)
        return before.forgotten is None
    if _has_lost_trust(before, found):
        _log.warning(
            "semantic hits of tenant %r were served on trust, and too many of them differ, too "
            "many like them are vetoed, or they go unchecked: they are not served until labels "
            "speak for them",
            tenant,
        )
    return False


def _has_lost_trust(before: Learned, found: Learned) -> bool:
    """Whether something is no longer served of what was trusted, of whichever group."""
    return any(
        not found.part(group).plan.serves(cell)
        for group in range(GROUPS)
        for cell in before.part(group).plan.trusted
    )


def _warn(tenant: str, forgotten: TenantEvidence) -> None:
    _log.warning(
        "semantic hits of tenant %r differ more often than they did (%d of %d checks): what was "
        "learned is forgotten, and no semantic hit is served until new labels show that it may be",
        tenant,
        sum(check.differing for check in forgotten.checks),
        sum(check.labelled for check in forgotten.checks),
    )
