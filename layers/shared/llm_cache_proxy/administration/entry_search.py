"""Entries as people look for them: by what the prompt says, by tag, model, namespace and age.

Newest first, which no store's order is: so the search reads what fits, up to a bound, and says
where that was not everything.
"""

from dataclasses import dataclass

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.entries import Entries, EntryCursor, described
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin, Listed, Texts

_MOST_AT_ONCE = 200
_FARTHEST = 5_000
_PAGE = 500
_LONGEST_SECONDS = 10**10


@dataclass(frozen=True, slots=True)
class WantedEntries:
    """Entries of a tenant (None: of all) that have every one of `selectors`.

    Created from `since` up to, not including, `until`, in Unix seconds.
    """

    tenant: str | None
    selectors: frozenset[str]
    since: int
    until: int
    texts: Texts

    def has(self, entry: Listed) -> bool:
        """Whether the entry is one of them."""
        in_time = self.since <= entry.created_at < self.until
        return in_time and self.selectors <= set(entry.selectors)


@dataclass(frozen=True, slots=True)
class EntrySearch:
    """Searches the exact tier's entries, and stops once `most` of them are found."""

    exact: ExactAdmin
    clock: Clock
    most: int = 5_000

    async def find(self, fields: Fields) -> JsonObject:
        """A page of entries with how their prompts begin, newest first, and how many there are."""
        wanted = _wanted(fields, int(self.clock.now()))
        limit = fields.integer("limit", least=1, most=_MOST_AT_ONCE) or 50
        skip = fields.integer("skip", least=0, most=_FARTHEST) or 0
        fields.end()
        found, whole = await self._found(wanted)
        newest = sorted(found, key=lambda one: (-one[1].created_at, one[1].key))
        return {
            "entries": [
                {**described(tenant, entry), "beginning": entry.beginning}
                for tenant, entry in newest[skip : skip + limit]
            ],
            "matched": len(found),
            "whole": whole,
        }

    async def _found(self, wanted: WantedEntries) -> tuple[list[tuple[str, Listed]], bool]:
        """The entries with their tenants, each once, and whether these are all."""
        found: dict[tuple[str, str], Listed] = {}
        place: EntryCursor | None = EntryCursor()
        while place is not None and len(found) < self.most:
            page = await Entries(self.exact).next(wanted, place, _PAGE)
            found |= {(page.tenant, entry.key): entry for entry in page.entries}
            place = page.following
        return [(tenant, entry) for (tenant, _), entry in found.items()], place is None


def _wanted(fields: Fields, now: int) -> WantedEntries:
    named = {name: fields.text(name) for name in ("namespace", "model", "tag")}
    older = fields.integer("older_than_seconds", least=0, most=_LONGEST_SECONDS)
    younger = fields.integer("younger_than_seconds", least=1, most=_LONGEST_SECONDS)
    return WantedEntries(
        tenant=fields.text("tenant"),
        selectors=frozenset(f"{name}:{value}" for name, value in named.items() if value),
        since=0 if younger is None else now - younger,
        until=_LONGEST_SECONDS if older is None else now - older,
        texts=Texts(fields.text("search") or "", beginnings=True),
    )
