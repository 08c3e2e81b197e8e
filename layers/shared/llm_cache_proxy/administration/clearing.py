"""Clearing: a cutoff makes the selected entries unservable at once, then a sweep deletes them.

Decides which tenants and which one selector a request means. The exact tier's cutoff is what
makes entries dead; a sweep that fails leaves records that can no longer be served.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.entries.pairs import entry_id_in
from llm_cache_proxy.domain.errors import CacheTierError, InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.keys import ALL
from llm_cache_proxy.ports.exact_store.admin import NO_TEXTS, ExactAdmin, Listed, Swept, Texts
from llm_cache_proxy.ports.vector_store import VectorAdmin

DEFAULT_TENANT = "default"
"""Cleared with all the others even where an emptied exact tier no longer knows of it."""

_SELECTORS = ("namespace", "model", "tag", "entry")
_LONGEST_SECONDS = 10**10


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries: of one tenant or (None) of all, those with `selector`.

    `created_before` (Unix seconds) stands alone: it goes with no selector but `all`. `everything`
    says that `all` was given, not only that nothing else was.
    """

    tenant: str | None
    selector: str
    created_before: int | None = None
    everything: bool = False

    @property
    def texts(self) -> Texts:
        """Whatever their texts say."""
        return NO_TEXTS

    def has(self, entry: Listed) -> bool:
        """Whether the entry is one of them."""
        if self.created_before is not None:
            return entry.created_at < self.created_before
        return self.selector in entry.selectors

    def __str__(self) -> str:
        """What was selected, for people."""
        return self.selector if self.created_before is None else f"before:{self.created_before}"


def selection(fields: Fields, now: float) -> Selection:
    """What an action selects: one of namespace, model, tag, entry and age, or else everything."""
    tenant = fields.text("tenant")
    everything = fields.flag("all")
    older = fields.integer("older_than_seconds", least=0, most=_LONGEST_SECONDS)
    named = [(name, value) for name in _SELECTORS if (value := fields.text(name)) is not None]
    if everything is False:
        raise InvalidRequest("'all' can only be true; leave it out otherwise.", param="all")
    if len(named) + bool(everything) + (older is not None) > 1:
        raise InvalidRequest(
            "Give one of 'all', 'namespace', 'model', 'tag', 'entry' and 'older_than_seconds'; "
            "'tenant' goes with each."
        )
    selector = f"{named[0][0]}:{_without_pair(*named[0])}" if named else ALL
    before = None if older is None else int(now) - older
    return Selection(tenant, selector, before, everything=bool(everything))


def check_is_explicit(chosen: Selection) -> None:
    """Raise InvalidRequest unless something is named: what cannot be undone needs a word for it."""
    named = chosen.selector != ALL or chosen.created_before is not None
    if not (chosen.everything or named or chosen.tenant is not None):
        raise InvalidRequest(
            'Nothing is selected. Give {"all": true} for every entry of every tenant, or one of '
            "'tenant', 'namespace', 'model', 'tag', 'entry' and 'older_than_seconds'.",
            code="nothing_selected",
        )


async def known_tenants(exact: ExactAdmin, only: str | None) -> Sequence[str]:
    """The given tenant, or every one that is known, sorted."""
    if only is not None:
        return [only]
    return sorted({DEFAULT_TENANT, *await exact.tenants()})


def _without_pair(name: str, value: str) -> str:
    """What is selected: of an `x-cache-entry`, the entry without its pair."""
    return entry_id_in(value) if name == "entry" else value


@dataclass(frozen=True, slots=True)
class Clearing:
    """Clears both tiers."""

    exact: ExactAdmin
    vectors: VectorAdmin

    async def clear(self, chosen: Selection) -> JsonObject:
        """How many records went, by tier; `unswept` says where dead ones were left lying.

        Raises ExactStoreUnavailable where the entries could not be made dead for every tenant.
        """
        tenants = await self.tenants(chosen.tenant)
        cutoffs = {tenant: await self._raise_cutoff(tenant, chosen) for tenant in tenants}
        cleared = {"exact": 0, "semantic": 0, "aliases": 0}
        unswept: list[str] = []
        for tenant, cutoff in cutoffs.items():
            try:
                swept = await self._swept(tenant, chosen)
                cleared["exact"] += swept.entries
                cleared["aliases"] += swept.aliases
            except CacheTierError as exc:
                unswept.append(f"exact tier of {tenant}: {exc}")
            try:
                cleared["semantic"] += await self._swept_vectors(tenant, chosen, cutoff)
            except CacheTierError as exc:
                unswept.append(f"semantic tier of {tenant}: {exc}")
        return {
            "cleared": cleared,
            "selector": str(chosen),
            "tenants": list(tenants),
            "dry_run": False,
            "unswept": unswept,
        }

    async def preview(self, chosen: Selection, in_exact: int) -> JsonObject:
        """How many entries `clear` would take, of which the exact tier holds `in_exact`."""
        tenants = await self.tenants(chosen.tenant)
        selector = None if chosen.selector == ALL else chosen.selector
        in_vectors = [
            await self.vectors.count_entries(
                tenant, selector=selector, created_before=chosen.created_before
            )
            for tenant in tenants
        ]
        return {
            "would_clear": {"exact": in_exact, "semantic": sum(in_vectors)},
            "selector": str(chosen),
            "tenants": list(tenants),
            "dry_run": True,
        }

    async def tenants(self, only: str | None) -> Sequence[str]:
        """The given tenant, or every one that is known."""
        return await known_tenants(self.exact, only)

    async def _raise_cutoff(self, tenant: str, chosen: Selection) -> int:
        if chosen.created_before is None:
            return await self.exact.cut(tenant, chosen.selector)
        await self.exact.cut_before(tenant, chosen.created_before)
        return 0

    async def _swept(self, tenant: str, chosen: Selection) -> Swept:
        if chosen.created_before is None:
            return await self.exact.sweep(tenant, chosen.selector)
        return await self.exact.sweep_before(tenant)

    async def _swept_vectors(self, tenant: str, chosen: Selection, cutoff: int) -> int:
        if chosen.created_before is None:
            return await self.vectors.sweep(tenant, chosen.selector, cutoff)
        return await self.vectors.sweep_before(tenant, chosen.created_before)
