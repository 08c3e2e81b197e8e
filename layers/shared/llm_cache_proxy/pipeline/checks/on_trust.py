"""How many hits each tenant was served on trust since its labels were read.

Checks come behind the answers, and a plan is read once a minute: in between a process serves no
more on trust than what it has read can answer for. Never reads labels.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from llm_cache_proxy.domain.promise import Part


@dataclass(frozen=True, slots=True)
class ServedOnTrust:
    """Counts them by tenant and part."""

    _hits: dict[str, Counter[int | None]] = field(default_factory=dict)

    def claim(self, tenant: str, part: Part) -> bool:
        """Whether one more may be served of the part, which is counted then."""
        hits = self._hits.setdefault(tenant, Counter())
        if hits[part.group] >= part.plan.hits_on_trust:
            return False
        hits[part.group] += 1
        return True

    def is_half_used(self, tenant: str, parts: Iterable[Part]) -> bool:
        """Whether it is time to read the labels, before no more may be served of some part."""
        hits = self._hits.get(tenant, Counter[int | None]())
        return any(
            part.plan.trusted and 2 * hits[part.group] >= part.plan.hits_on_trust for part in parts
        )

    def labels_were_read(self, tenant: str) -> None:
        """Begin anew."""
        self._hits.pop(tenant, None)
