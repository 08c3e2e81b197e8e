"""Administration of the exact tier: clearing, and reading the counters."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.record import record


@record()
class CounterWindow:
    """A tenant's counters over `seconds` from `start` (Unix seconds); 0 seconds: all before."""

    tenant: str
    start: int
    seconds: int
    counts: Mapping[str, int]


@record()
class Swept:
    """How many records a sweep took."""

    entries: int
    aliases: int


@record()
class Listed:
    """What an entry is, without its text and answer.

    `beginning` is how its text begins, where that was asked for.
    """

    key: str
    entry_id: str
    created_at: int
    expires_at: int
    selectors: tuple[str, ...]
    model: str
    prompt_tokens: int
    completion_tokens: int
    beginning: str | None = None


@record()
class Texts:
    """What a page is to do with texts.

    Only entries whose text holds `containing`, whatever the case of ASCII letters, are on it.
    `beginnings` adds how each text begins, up to BEGINNING_CHARACTERS.
    """

    containing: str = ""
    beginnings: bool = False


NO_TEXTS = Texts()
BEGINNING_CHARACTERS = 160


@record()
class Page:
    """Some entries, and where to go on; a page may be empty before the last (no cursor)."""

    entries: Sequence[Listed]
    cursor: str | None


class ExactAdmin(Protocol):
    """Failure (`ExactStoreUnavailable`) is reported to the operator."""

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

    async def cut_before(self, tenant: str, created_before: int) -> None:
        """Make every entry that was created before then (Unix seconds) dead at once."""
        ...

    async def sweep_before(self, tenant: str) -> Swept:
        """Delete the records that `cut_before` has killed."""
        ...

    async def page(
        self, tenant: str, cursor: str | None, limit: int, texts: Texts = NO_TEXTS
    ) -> Page:
        """About `limit` entries that may be served, from `cursor` on (None: from the first).

        An entry that is held while all pages are read is on one of them; on some stores on two.
        """
        ...

    async def read(self, tenant: str, key: str) -> Entry | None:
        """The whole entry under an exact key, if it may be served; an alias is none."""
        ...

    async def count_entries(self, tenant: str) -> int:
        """Entries held for the tenant, aliases not counted."""
        ...

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        """All counter windows, oldest first, old fine ones folded into coarse ones."""
        ...

    async def recent(self, tenant: str, skip: int, limit: int) -> Sequence[str]:
        """Lines on the tenant's recent requests, newest first, as they were handed over.

        At most `limit` after the first `skip`.
        """
        ...

    async def check(self) -> str | None:
        """Read and write as requests do; what an operator should know although both work.

        Raises StoreRefusesWrites where only the reading works.
        """
        ...
