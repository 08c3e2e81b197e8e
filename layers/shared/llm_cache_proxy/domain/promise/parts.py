"""Which of a tenant's candidates are proven together, and on what doubt.

All are proven together while that serves as much. Surroundings differ, though: what is near among
short questions to one application may be wrong among those to another. So each group of
fingerprints that was seen often enough may be a part of its own, and all others together are one
more. Where each part keeps the promise, the whole keeps it.

Doubt is paid for every set that may come up, used or not. Any choice among them is therefore free,
also one that looks at the labels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.promise.evidence import GROUPS, Evidence, TenantEvidence
from llm_cache_proxy.domain.promise.promise import DOUBT, Plan, Promise

WHOLE = 0.8 * DOUBT
"""The doubt that may be spent on all of a tenant's candidates together."""

APART = (DOUBT - WHOLE) / (2 * GROUPS - 1)
"""The doubt that may be spent on one part.

As groups become parts one by one, no more than so many sets of groups come up: each of the groups,
and what is left of the others each time. That holds while groups only grow; counts that age out may
bring up a few more (docs/wrong-share.md, assumptions).
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


def plan_parts(promise: Promise, evidence: TenantEvidence) -> Sequence[Part]:
    """The parts of a tenant, planned: large groups, then all others; or one part, the whole.

    The whole is one part where it serves something, and no less than parts would. A group that was
    served has few labels, so that it often proves nothing by itself. Where there would be but one
    part with enough candidates, the tenant is not parted either.
    """
    whole = [_part(promise, None, evidence.whole, WHOLE)]
    parts = _apart(promise, evidence)
    return whole if not parts or _served(whole) >= max(1.0, _served(parts)) else parts


def _apart(promise: Promise, evidence: TenantEvidence) -> list[Part]:
    """Large groups and all others; nothing where fewer than two of them have enough candidates."""
    seen = {group: evidence.seen(group) for group in evidence.groups}
    enough = _ENOUGH / promise.most_wrong
    large = sorted(group for group, candidates in seen.items() if candidates >= enough)
    others = [group for group in seen if group not in large]
    if len(large) + (sum(seen[group] for group in others) >= enough) <= 1:
        return []
    found = [_part(promise, group, evidence.of([group]), APART) for group in large]
    return [*found, _part(promise, None, evidence.of(others), APART)]


def _served(parts: Iterable[Part]) -> float:
    """How many of the candidates that were seen these plans would serve."""
    return sum(part.evidence.of(cell).seen for part in parts for cell in part.plan.served)


def part_of(parts: Sequence[Part], group: int) -> Part:
    """The one of a tenant's parts that candidates of the group belong to."""
    return next((part for part in parts if part.group == group), parts[-1])


def _part(promise: Promise, group: int | None, evidence: Evidence, doubt: float) -> Part:
    return Part(group, evidence, promise.plan(evidence, doubt))
