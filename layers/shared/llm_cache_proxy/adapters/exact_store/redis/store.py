"""The exact tier on any server that speaks Redis: every call is one script."""

import logging
import time
from collections.abc import Mapping, Sequence

from llm_cache_proxy.adapters.exact_store.redis.admin import RedisAdmin
from llm_cache_proxy.adapters.exact_store.redis.client_keys import RedisClientKeys
from llm_cache_proxy.adapters.exact_store.redis.items import RedisItems
from llm_cache_proxy.adapters.exact_store.redis.key_checks import answered, check_text
from llm_cache_proxy.adapters.exact_store.redis.leases import RedisLeases
from llm_cache_proxy.adapters.exact_store.redis.names import CHECKED, names_of
from llm_cache_proxy.adapters.exact_store.redis.pairs import RedisPairs
from llm_cache_proxy.adapters.exact_store.redis.records import entry_words, numbers, promoted, texts
from llm_cache_proxy.adapters.exact_store.redis.scripts import (
    Argument,
    RedisScripts,
    UnreadableReplyError,
    flat,
    milliseconds,
)
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Alias
from llm_cache_proxy.domain.errors import ExactStoreUnavailable, StoreRefusesWrites
from llm_cache_proxy.domain.metrics.counter_names import merged
from llm_cache_proxy.ports.exact_store.store import (
    Answered,
    Commit,
    Lookup,
    Match,
    Miss,
    Promoted,
)

_STORED, _CUT_OFF, _TAKES_NO_WRITES = 1, 0, -1
_MOST_SAID = 200
_SILENT_SECONDS = 60.0
_log = logging.getLogger(__name__)


class RedisExactStore(
    RedisAdmin, RedisClientKeys, RedisItems, RedisLeases, RedisPairs, RedisScripts
):
    """An `ExactStore` over one Redis server, with the ports beside it from one file each."""

    _silent_until = 0.0

    async def lookup(self, query: Lookup) -> Answered:
        """The valid entry or alias under the key; a hit is counted in the same command."""
        names, now = names_of(query.tenant), time.time()
        window = names.window(now)
        keys = [names.record(query.key), *names.shared(window)]
        keys += [names.barred, names.standing, names.client_keys]
        keys += [names.lease(query.flight or ""), names.fence, names.recent]
        lease = "" if query.flight is None else milliseconds(query.lease_seconds)
        asking = [*_lookup_arguments(query, window), check_text(query.check, now), lease]
        asking += [query.stale_seconds, query.refresh_ahead, query.claim]
        words = [*asking, *flat(query.counts), *self._recent_arguments(query.recent)]
        try:
            reply = await self._run("entries/lookup", keys, *words)
        except UnreadableReplyError as exc:
            miss = await self._removed(names.record(query.key))
            if query.check is not None:  # nothing is known of the key
                raise ExactStoreUnavailable("what the exact store says is no text") from exc
            return miss
        await self._register(query.tenant)
        return answered(reply, query)

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        """The target's answer as a semantic hit, leaving `alias` behind."""
        names = names_of(tenant)
        window = names.window(time.time())
        held = query.held
        keys = [names.record(query.key), *names.shared(window), names.barred, names.standing]
        keys.append(names.lease("" if held is None else held.flight))
        matched: list[Argument] = (
            ["", ""] if match is None else [match.pair, repr(match.similarity)]
        )
        matched.append("" if held is None else held.token)
        left: list[Argument] = [""] * 5
        if alias is not None:
            keys.append(names.record(alias.key))
            matched[1] = repr(alias.similarity)
            left = [alias.target, alias.decision_version, alias.embedder_id]
            left += [alias.text_digest, alias.pair]
        words = [*_lookup_arguments(query, window), *matched, *left, *flat(query.counts)]
        try:
            reply = await self._run("entries/promote", keys, *words)
        except UnreadableReplyError:
            return await self._removed(names.record(query.key))
        return promoted(reply, query)

    async def commit(self, commit: Commit) -> bool:
        """Whether the entry was stored."""
        names = names_of(commit.tenant)
        window = names.window(time.time())
        words = entry_words(commit.entry)
        entry, lease = commit.entry, commit.lease
        keys = [names.record(entry.key), *names.shared(window)]
        keys.append(names.lease("" if lease is None else lease.flight))
        carried, stored = self._refused_writes.carry(commit.tenant), _TAKES_NO_WRITES
        try:
            reply = await self._run(
                "entries/commit",
                keys,
                window,
                entry.sequence,
                words["g"],
                entry.purge_at,
                2 * len(words),
                entry.created_at,
                "" if lease is None else lease.token,
                *(word for pair in words.items() for word in pair),
                *flat(merged(dict(commit.counts), carried)),
            )
            [stored] = numbers(reply, 1)
        finally:
            self._refused_writes.arrived(commit.tenant, carried, stored=stored == _STORED)
        if stored not in {_STORED, _CUT_OFF, _TAKES_NO_WRITES}:
            raise ExactStoreUnavailable("the exact store does not say whether it stored")
        if stored == _TAKES_NO_WRITES:
            self._refused_writes.refused(commit.tenant)
            self._say_that_nothing_is_stored()
            return False
        await self._register(commit.tenant)
        return stored == _STORED

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        """Add to the tenant's counters and recent decisions."""
        names = names_of(tenant)
        window = names.window(time.time())
        keys = [*names.shared(window)[2:], names.recent]
        numbers(
            await self._run(
                "counters/record", keys, window, *flat(counts), *self._recent_arguments(recent)
            ),
            1,
        )
        await self._register(tenant)

    async def check(self) -> str | None:
        """Every command that a request's scripts use, on a key of their own."""
        return await self._checked(CHECKED)

    async def _checked(self, key: str) -> str | None:
        state, *why = texts(await self._run("check", [key])) or [""]
        said = "".join(why)[:_MOST_SAID]
        if state == "refused":
            raise StoreRefusesWrites(f"the Redis takes no writes: {said}")
        if state != "ok":
            raise ExactStoreUnavailable(f"the Redis cannot be read: {said}")
        return None

    async def aclose(self) -> None:
        """Release connections."""
        await self._server.aclose()

    def _say_that_nothing_is_stored(self) -> None:
        """Warn once a minute: a full Redis refuses every miss its place."""
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + _SILENT_SECONDS
            _log.warning("the Redis is full or read-only: answers are not stored")

    async def _removed(self, record: str) -> Miss:
        """A miss whose sequence overlooks no clear."""
        await self._server.command("DEL", record)
        return Miss(0)


def _lookup_arguments(query: Lookup, window: str) -> list[Argument]:
    max_age = "" if query.max_age_seconds is None else query.max_age_seconds
    return [FORMAT_VERSION, str(query.form), query.text_digest, max_age, window]
