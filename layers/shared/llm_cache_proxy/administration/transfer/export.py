"""Entries as records that another proxy can import: everything but what can be made again.

A record holds the prompt and the answer in every form, so a file of them is as secret as both.
Promotions are left out: they come back with use.
"""

import base64
from dataclasses import asdict, dataclass
from struct import pack

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import Selection
from llm_cache_proxy.administration.entries import Entries, EntryCursor, parse_cursor
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Entry
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin
from llm_cache_proxy.ports.vector_store import Placed, VectorAdmin

_PAGE = 100
_MOST_BYTES = 1_200_000
"""Of texts and answers in one reply, the last of them aside: a Lambda's may have 6 MB, and JSON
that is put into JSON twice, by us and by API Gateway, may grow to four times its size."""


@dataclass(frozen=True, slots=True)
class EntryExport:
    """Reads both tiers, a page a call."""

    exact: ExactAdmin
    vectors: VectorAdmin

    async def export(self, fields: Fields, chosen: Selection) -> JsonObject:
        """The next `records`, and the `cursor` to go on from, None after the last.

        A page may have no records, and a record may come twice where the store shows it twice.
        Raises CacheTierError where a tier does not answer: nothing is left out in silence.
        """
        place = parse_cursor(fields.text("cursor"))
        fields.end()
        if not place.left:
            found = await Entries(self.exact).next(chosen, place, _PAGE)
            keys = [one.key for one in found.entries]
            tenant, following = found.tenant, found.following
        else:
            tenant, keys = str(place.tenant), list(place.left)
            following = None if place.cursor is None else parse_cursor(place.cursor)
        placed = await self.vectors.placed(tenant, keys) if keys else {}
        records, size = list[JsonObject](), 0
        while keys and size < _MOST_BYTES:
            key = keys.pop(0)
            entry = await self.exact.read(tenant, key)
            if entry is not None:
                records.append(entry_record(tenant, entry, placed.get(key)))
                size += _size(entry)
        if keys:
            then = None if following is None else str(following)
            following = EntryCursor(tenant, then, tuple(keys))
        return {"records": records, "cursor": None if following is None else str(following)}


def entry_record(tenant: str, entry: Entry, placed: Placed | None) -> JsonObject:
    """The entry as an export record; its vector is little-endian 32-bit floats in base64."""
    vector: JsonObject | None = None
    if placed is not None:
        packed = pack(f"<{len(placed.vector)}f", *placed.vector)
        vector = {
            "fingerprint": placed.scope.fingerprint,
            "embedder": placed.scope.embedder_id,
            "values": base64.b64encode(packed).decode("ascii"),
        }
    return {
        "format_version": FORMAT_VERSION,
        "tenant": tenant,
        "entry": {**asdict(entry), "selectors": list(entry.selectors)},
        "vector": vector,
    }


def _size(entry: Entry) -> int:
    return sum(len(text.encode()) for text in (entry.text, entry.forms.json, entry.forms.sse))
