"""What was read of a tenant's labels last: the evidence, and the plans that follow from it.

Says in the log where a plan takes back what was served, and where it is served again: once each,
however often the vetoes cross the line between them. Reads nothing by itself.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from llm_cache_proxy.domain.promise import Part, Promise, TenantEvidence
from llm_cache_proxy.domain.promise.counters import labels_by_source
from llm_cache_proxy.domain.promise.evidence import GROUPS
from llm_cache_proxy.domain.promise.parts import UNKNOWN, part_of
from llm_cache_proxy.domain.promise.trust import CLEARLY_FEW, TRUSTED, has_few_vetoes
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
    distrusted: frozenset[int] = frozenset()
    """Groups whose hits were served on trust and are not, until they clearly are again."""

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


def following(before: Learned, found: Learned) -> Learned:
    """What was found after `before`, with what is not trusted any more."""
    groups = range(GROUPS)
    lost = {group for group in groups if _has_lost_trust(before.part(group), found.part(group))}
    kept = {group for group in before.distrusted if not _is_clearly_served(found.part(group))}
    return replace(found, distrusted=frozenset(kept | lost))


def tell(tenant: str, before: Learned, found: Learned) -> bool:
    """Log what is no longer served, or again; whether it is because the world has changed."""
    if found.forgotten is not None:
        if before.forgotten is None:
            _warn(tenant, found.forgotten)
        return before.forgotten is None
    if found.distrusted - before.distrusted:
        _log.warning(
            "semantic hits of tenant %r were served on trust, and too many of them differ, too "
            "many like them are vetoed, or they go unchecked: they are not served until labels "
            "speak for them",
            tenant,
        )
    elif before.distrusted and not found.distrusted:
        _log.info(
            "semantic hits of tenant %r that were not trusted are served again: few like them are "
            "vetoed, or labels speak for them",
            tenant,
        )
    return False


def _has_lost_trust(before: Part, found: Part) -> bool:
    """Whether something is no longer served of what was trusted."""
    return any(not found.plan.serves(cell) for cell in before.plan.trusted)


def _is_clearly_served(part: Part) -> bool:
    """Whether all that may be trusted is served: on proof, or far from the line of vetoes."""
    if not all(part.plan.serves(cell) for cell in TRUSTED):
        return False
    return not part.plan.trusted or has_few_vetoes(part.evidence, CLEARLY_FEW)


def _warn(tenant: str, forgotten: TenantEvidence) -> None:
    _log.warning(
        "semantic hits of tenant %r differ more often than they did (%d of %d checks): what was "
        "learned is forgotten, and no semantic hit is served until new labels show that it may be",
        tenant,
        sum(check.differing for check in forgotten.checks),
        sum(check.labelled for check in forgotten.checks),
    )
