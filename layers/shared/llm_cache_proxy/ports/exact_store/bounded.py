"""Stores that the proxy must bound itself: an embedded store keeps everything until it is trimmed.

Servers such as Redis evict by themselves; their adapters have no need of this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bounds:
    """Most records, aliases counted, and most bytes of them in the exact tier; 0: no bound."""

    entries: int = 0
    total_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Removed:
    """A record that is gone."""

    tenant: str
    key: str
    is_alias: bool


class BoundedExact(Protocol):
    """Failure (`ExactStoreUnavailable`) means: try again later."""

    async def trim(self, bounds: Bounds) -> Sequence[Removed]:
        """Delete some of what has expired, or else of what was used least recently and is too much.

        Returns nothing once all is within `bounds`; until then it is to be called again.
        """
        ...

    async def shrink(self) -> None:
        """Give the space of what was deleted back to the disk."""
        ...


class BoundedVectors(Protocol):
    """Failure (`VectorStoreUnavailable`) means: try again later."""

    async def remove(self, tenant: str, keys: Sequence[str]) -> None:
        """Delete the tenant's entries under these exact keys; those that are missing are gone."""
        ...

    async def purge(self, now: int) -> int:
        """Delete every tenant's entries with `purge_at <= now` (Unix seconds)."""
        ...
