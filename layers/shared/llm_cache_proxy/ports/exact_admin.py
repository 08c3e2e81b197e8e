"""Administration of the exact tier: clearing, and reading the counters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CounterWindow:
    """A tenant's counters over `seconds` from `start` (Unix seconds); 0 seconds: all before."""

    tenant: str
    start: int
    seconds: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Swept:
    """How many records a sweep took."""

    entries: int
    aliases: int


class ExactAdmin(Protocol):
    """Failure (`ExactStoreUnavailable`) is reported to the operator who asked."""

    async def tenants(self) -> Sequence[str]:
        """Every tenant that has ever stored or counted, sorted."""
        ...

    async def cut(self, tenant: str, selector: str) -> int:
        """Make every present entry with `selector` dead at once; the new cutoff.

        The cutoff is max(previous sequence + 1, the store's clock in milliseconds), so that it
        stays ahead of old entries even after the store itself was emptied.
        """
        ...

    async def sweep(self, tenant: str, selector: str) -> Swept:
        """Delete the records that a `cut` of `selector` has killed."""
        ...

    async def count_entries(self, tenant: str) -> int:
        """Entries held for the tenant, aliases not counted."""
        ...

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        """All counter windows, oldest first, old fine ones folded into coarse ones."""
        ...

    async def ping(self) -> None:
        """Return when the store answers."""
        ...
