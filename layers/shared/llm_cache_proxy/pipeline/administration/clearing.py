"""Clearing: what a selector names is dead at once, everywhere, and swept away after.

Decides which tenants and which one selector a request means. The exact tier's cutoff is what
makes entries dead; a sweep that fails leaves records that can no longer be served.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.entry import ALL
from llm_cache_proxy.domain.errors import CacheTierError, InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.pairs import entry_id_in
from llm_cache_proxy.pipeline.administration.fields import Fields
from llm_cache_proxy.ports.exact_admin import ExactAdmin
from llm_cache_proxy.ports.vector_store import VectorAdmin

DEFAULT_TENANT = "default"
"""Cleared with all the others even where an emptied exact tier no longer knows of it."""

_SELECTORS = ("namespace", "model", "tag", "entry")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries: those with `selector`, of one tenant or (None) of all."""

    tenant: str | None
    selector: str


def selection(fields: Fields) -> Selection:
    """What an action selects: everything, or one of namespace, model, tag and entry."""
    tenant = fields.text("tenant")
    everything = fields.flag("all")
    named = [(name, value) for name in _SELECTORS if (value := fields.text(name)) is not None]
    if everything is False:
        raise InvalidRequest("'all' can only be true; leave it out otherwise.", param="all")
    if len(named) + bool(everything) > 1:
        raise InvalidRequest(
            "Give one of 'all', 'namespace', 'model', 'tag' and 'entry'; 'tenant' goes with each."
        )
    return Selection(tenant, f"{named[0][0]}:{_meant(*named[0])}" if named else ALL)


def _meant(name: str, value: str) -> str:
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
        cutoffs = {tenant: await self.exact.cut(tenant, chosen.selector) for tenant in tenants}
        cleared = {"exact": 0, "semantic": 0, "aliases": 0}
        unswept: list[str] = []
        for tenant, cutoff in cutoffs.items():
            try:
                swept = await self.exact.sweep(tenant, chosen.selector)
                cleared["exact"] += swept.entries
                cleared["aliases"] += swept.aliases
            except CacheTierError as exc:
                unswept.append(f"exact tier of {tenant}: {exc}")
            try:
                cleared["semantic"] += await self.vectors.sweep(tenant, chosen.selector, cutoff)
            except CacheTierError as exc:
                unswept.append(f"semantic tier of {tenant}: {exc}")
        return {
            "cleared": cleared,
            "selector": chosen.selector,
            "tenants": list(tenants),
            "dry_run": False,
            "unswept": unswept,
        }

    async def preview(self, chosen: Selection) -> JsonObject:
        """How many entries `clear` would take; told for whole tenants only."""
        if chosen.selector != ALL:
            raise InvalidRequest(
                "A dry run can count whole tenants only, not what one selector names.",
                param="dry_run",
                code="dry_run_not_supported",
            )
        tenants = await self.tenants(chosen.tenant)
        return {
            "would_clear": {
                "exact": sum([await self.exact.count_entries(tenant) for tenant in tenants]),
                "semantic": sum([await self.vectors.count_entries(tenant) for tenant in tenants]),
            },
            "selector": chosen.selector,
            "tenants": list(tenants),
            "dry_run": True,
        }

    async def tenants(self, only: str | None) -> Sequence[str]:
        """The tenant asked for, or every one that is known."""
        if only is not None:
            return [only]
        return sorted({DEFAULT_TENANT, *await self.exact.tenants()})
