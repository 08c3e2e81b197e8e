"""Which of a tenant's candidates are proven together, and on what doubt.

Surroundings differ: what is near among short questions to one application may be wrong among those
to another. A group of fingerprints that was seen often enough is a part of its own; all others
together are one more. Where each part keeps the promise, the whole keeps it. How a tenant is parted
depends on what was seen, never on what the labels say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.promise.evidence import GROUPS, Evidence, TenantEvidence
from llm_cache_proxy.domain.promise.promise import DOUBT, Plan, Promise

WHOLE = 0.7 * DOUBT
"""The doubt that may be spent on a tenant that is not parted."""

APART = (DOUBT - WHOLE) / (2 * GROUPS - 1)
"""The doubt that may be spent on one part.

As groups become parts one by one, no more than so many sets of groups are ever proven: each of the
groups, and what is left of the others each time.
"""

_ENOUGH = 50.0
"""Wrong hits that the promise allows among so many candidates as make a part."""


@dataclass(frozen=True, slots=True)
class Part:
    """Candidates that are proven together: those of one group, or of all the others (None)."""

    group: int | None
    evidence: Evidence
    plan: Plan


UNKNOWN = Part(None, Evidence(), Plan())
"""Where nothing was read yet."""


def plan_parts(promise: Promise, evidence: TenantEvidence) -> Iterator[Part]:
    """The parts of a tenant, each planned when it is taken: large groups, then all others.

    It is not parted where there would be but one part with enough candidates.
    """
    seen = {group: evidence.seen(group) for group in evidence.groups}
    enough = _ENOUGH / promise.most_wrong
    large = sorted(group for group, candidates in seen.items() if candidates >= enough)
    others = [group for group in seen if group not in large]
    if len(large) + (sum(seen[group] for group in others) >= enough) <= 1:
        yield _part(promise, None, evidence.whole, WHOLE)
        return
    for group in large:
        yield _part(promise, group, evidence.of([group]), APART)
    yield _part(promise, None, evidence.of(others), APART)


def part_of(parts: Sequence[Part], group: int) -> Part:
    """The one of a tenant's parts that candidates of the group belong to."""
    return next((part for part in parts if part.group == group), parts[-1])


def _part(promise: Promise, group: int | None, evidence: Evidence, doubt: float) -> Part:
    return Part(group, evidence, promise.plan(evidence, doubt))
