"""Which entries there are: listed in pages over tenants, and one shown whole.

Decides what a cursor holds. Shows a stored prompt or answer only on request.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import Selection, known_tenants
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.entries.pairs import entry_id_in
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.keys import ALL
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin, Listed, Texts

_MOST_AT_ONCE = 500
_MOST_EMPTY_PAGES = 50


@dataclass(frozen=True, slots=True)
class EntryCursor:
    """Where a walk over entries has come to: a tenant, the store's cursor, keys still to be given.

    `tenant` None is the beginning. Where keys are `left`, `cursor` is the place after them. As text
    it is opaque to the client.
    """

    tenant: str | None = None
    cursor: str | None = None
    left: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The place as a cursor."""
        text = json.dumps([self.tenant, self.cursor, list(self.left)])
        return base64.urlsafe_b64encode(text.encode()).decode("ascii")


def parse_cursor(text: str | None) -> EntryCursor:
    """The place in a cursor. Raises InvalidRequest where it is none."""
    if text is None:
        return EntryCursor()
    try:
        tenant, cursor, left = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        sound = isinstance(tenant, str) and isinstance(cursor, str | None)
        if sound and isinstance(left, list) and all(isinstance(key, str) for key in left):
            return EntryCursor(tenant, cursor, tuple(left))
    except (ValueError, TypeError):
        pass
    raise InvalidRequest("'cursor' must be one that was given before.", param="cursor")


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries of one tenant, and where to go on; None after the last."""

    tenant: str
    entries: Sequence[Listed]
    following: EntryCursor | None


class EntryFilter(Protocol):
    """Which entries: of one tenant or (None) of all, with these texts, and as `has` says."""

    @property
    def tenant(self) -> str | None:
        """The one tenant."""
        ...

    @property
    def texts(self) -> Texts:
        """What their texts must hold."""
        ...

    def has(self, entry: Listed) -> bool:
        """Whether the entry is one of them."""
        ...


@dataclass(frozen=True, slots=True)
class Entries:
    """Reads the exact tier's entries."""

    exact: ExactAdmin

    async def list(self, fields: Fields, chosen: Selection) -> JsonObject:
        """A page of entries without their texts: `entries`, and a `cursor` while there are more."""
        limit = fields.integer("limit", least=1, most=_MOST_AT_ONCE) or 50
        place = parse_cursor(fields.text("cursor"))
        fields.end()
        found = await self.next(chosen, place, limit)
        return {
            "entries": [described(found.tenant, entry) for entry in found.entries],
            "cursor": None if found.following is None else str(found.following),
        }

    async def show(self, fields: Fields) -> JsonObject:
        """One entry by its id. Raises NotFound where it is not there."""
        entry_id = entry_id_in(fields.required_text("entry"))
        with_texts = fields.flag("texts") or False
        only = fields.text("tenant")
        fields.end()
        tenant, entry = await self._by_id(Selection(only, f"entry:{entry_id}"))
        shown = {
            **described(tenant, entry),
            "key": entry.key,
            "bytes": sum(len(form.encode()) for form in (entry.forms.json, entry.forms.sse)),
        }
        return shown | ({"prompt": entry.text, "answer": entry.forms.json} if with_texts else {})

    async def next(self, chosen: EntryFilter, place: EntryCursor, limit: int) -> EntryPage:
        """The next entries that were chosen; none at all only at the end, or after many others."""
        tenants = await known_tenants(self.exact, chosen.tenant)
        left = [name for name in tenants if place.tenant is None or name >= place.tenant]
        cursor, pages = place.cursor, 0
        for index, tenant in enumerate(left):
            while True:
                page = await self.exact.page(tenant, cursor, limit, chosen.texts)
                entries = [entry for entry in page.entries if chosen.has(entry)]
                cursor, pages = page.cursor, pages + 1
                after = EntryCursor(tenant, cursor)
                if cursor is None:
                    after = EntryCursor(left[index + 1]) if index + 1 < len(left) else EntryCursor()
                if entries or pages >= _MOST_EMPTY_PAGES:
                    return EntryPage(tenant, entries, None if after.tenant is None else after)
                if cursor is None:
                    break
        return EntryPage(left[-1] if left else "", [], None)

    async def _by_id(self, chosen: Selection) -> tuple[str, Entry]:
        place: EntryCursor | None = EntryCursor()
        while place is not None:
            found = await self.next(chosen, place, _MOST_AT_ONCE)
            for one in found.entries:
                entry = await self.exact.read(found.tenant, one.key)
                if entry is not None:
                    return found.tenant, entry
            place = found.following
        raise NotFound("There is no such entry: it has expired, or was cleared.", param="entry")

    async def count(self, chosen: Selection) -> int:
        """How many entries were chosen. Counts one twice where the store shows it twice."""
        total = 0
        for tenant in await known_tenants(self.exact, chosen.tenant):
            if chosen.created_before is None and chosen.selector == ALL:
                total += await self.exact.count_entries(tenant)
                continue
            of_one, keys = replace(chosen, tenant=tenant), set[str]()
            place: EntryCursor | None = EntryCursor()
            while place is not None:
                found = await self.next(of_one, place, _MOST_AT_ONCE)
                keys.update(one.key for one in found.entries)
                place = found.following
            total += len(keys)
        return total


def described(tenant: str, entry: Listed | Entry) -> JsonObject:
    """An entry as operators see it, without its texts; times are Unix seconds."""
    places: dict[str, list[str]] = {}
    for selector in entry.selectors:
        kind, _, name = selector.partition(":")
        places.setdefault(kind, []).append(name)
    return {
        "entry": entry.entry_id,
        "tenant": tenant,
        "namespace": next(iter(places.get("namespace", [])), None),
        "model": next(iter(places.get("model", [])), entry.model),
        "tags": places.get("tag", []),
        "created_at": entry.created_at,
        "expires_at": entry.expires_at,
        "prompt_tokens": entry.prompt_tokens,
        "completion_tokens": entry.completion_tokens,
    }
