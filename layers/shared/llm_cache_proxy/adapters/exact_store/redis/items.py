"""Items of a batch on a Redis server: one script a batch, whatever its size."""

import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import cast

from llm_cache_proxy.adapters.exact_store.redis.held_items import (
    STAMP_LENGTH,
    Held,
    HeldItems,
    stamps,
)
from llm_cache_proxy.adapters.exact_store.redis.key_checks import check_text, keyed
from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.adapters.exact_store.redis.records import (
    entry_words,
    malformed_is_unavailable,
    numbers,
)
from llm_cache_proxy.adapters.exact_store.redis.scripts import (
    Argument,
    RedisScripts,
    RedisServer,
    flat,
    milliseconds,
)
from llm_cache_proxy.domain.embeddings.items import parts_of
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Entry
from llm_cache_proxy.ports.exact_store.items import ItemHit, ItemsAnswered, ItemsFound, ItemsLookup
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT

_TAKES_NO_WRITES = -1
_log = logging.getLogger(__name__)


class RedisItems(RedisScripts):
    """The `ItemStore` of a Redis server."""

    def __init__(self, server: RedisServer, requests_kept: int = REQUESTS_KEPT) -> None:
        super().__init__(server, requests_kept)
        self._held = HeldItems()

    async def lookup_items(self, query: ItemsLookup) -> ItemsAnswered:
        """The valid entries under the keys, and the key's check, in one command."""
        names = TenantNames(query.tenant)
        now = time.time()
        window = names.window(now)
        records = [names.record(key) for key in query.keys]
        keys = [*names.shared(window), names.client_keys, *records, names.recent]
        max_age: Argument = "" if query.max_age_seconds is None else query.max_age_seconds
        words = [FORMAT_VERSION, max_age, window, check_text(query.check, now), int(query.whole)]
        held = self._held.of(records)
        lease: Argument = milliseconds(query.lease_seconds) if query.lease_seconds else 0
        words += [
            stamps(held),
            lease,
            query.claim,
            *flat(query.counts),
            *self._recent_arguments(query.recent),
        ]
        reply = await self._run("items/lookup", keys, *words)
        await self._register(query.tenant)
        check = query.check

        def read(answer: object) -> ItemsFound:
            return self._found(answer, query, records, held)

        if check is None:
            return read(reply)
        asked = len(query.keys)
        return keyed(
            reply,
            check,
            read,
            lambda found: check.share(asked - len(found.hits), asked) if asked else check,
        )

    async def commit_items(
        self, tenant: str, entries: Sequence[Entry], counts: Mapping[str, int]
    ) -> bool:
        """Whether all entries were stored."""
        names = TenantNames(tenant)
        window = names.window(time.time())
        keys = [*names.shared(window), *(names.record(entry.key) for entry in entries)]
        words: list[Argument] = [window, secrets.token_hex(STAMP_LENGTH // 2)]
        for entry in entries:
            fields = entry_words(entry)
            words += [entry.sequence, fields["g"], entry.purge_at, entry.created_at]
            words += [2 * len(fields), *(word for pair in fields.items() for word in pair)]
        reply = await self._run("items/commit", keys, *words, *flat(counts))
        [stored] = numbers(reply, 1)
        if stored == _TAKES_NO_WRITES:
            self._refused_writes.refused(tenant, len(entries))
            _log.warning("the Redis is full or read-only: items of a batch were not stored")
        elif stored:
            await self._register(tenant)
        return stored == len(entries)

    async def extend_items(
        self, tenant: str, keys: Sequence[str], claim: str, seconds: float
    ) -> None:
        """Hold those leases of these items that the claim still has for so long."""
        names = TenantNames(tenant)
        records = [names.record(key) for key in keys]
        numbers(await self._run("items/extend", records, claim, milliseconds(seconds)), 1)

    async def release_items(self, tenant: str, keys: Sequence[str], claim: str) -> None:
        """End the leases of these items that were taken under the claim."""
        names = TenantNames(tenant)
        numbers(await self._run("items/release", [names.record(key) for key in keys], claim), 1)

    def _found(
        self, reply: object, query: ItemsLookup, records: Sequence[str], held: Held
    ) -> ItemsFound:
        """The reply's items; of those that are `held` and living it has only the places."""
        hits = {}
        with malformed_is_unavailable():
            sequence, now, places, living, *words = cast("list[str]", reply)
            followed = {query.keys[int(place) - 1] for place in places.split()}
            for place in living.split():
                at = int(place) - 1
                one = held[at]
                if one is None:
                    raise ValueError(place)
                hits[query.keys[at]] = one.hit
            for facts, body in zip(words[::2], words[1::2], strict=True):
                place, created, expires, tokens, entry_id, stamp, model = facts.split(" ", 6)
                at = int(place) - 1
                times = (int(created), int(expires))
                hit = ItemHit(*parts_of(body), entry_id, *times, model, int(tokens))
                hits[query.keys[at]] = hit
                self._held.hold(records[at], stamp, hit)
            for key, record, one in zip(query.keys, records, held, strict=True):
                if one is not None and key not in hits:
                    self._held.drop(record)
            return ItemsFound(hits, int(sequence), int(now), followed=followed)
