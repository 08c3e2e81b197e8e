"""The exact tier in memory, with a clock that a test can turn."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fakes.keys import FakeKeys
from fakes.leases import FakeLeases
from fakes.pairs import FakePairs
from llm_cache_proxy.domain.client_keys.limits import KeyCheck, Refusal, after, grant, refusal
from llm_cache_proxy.domain.client_keys.usage import USAGE
from llm_cache_proxy.domain.entries.entry import Alias, Entry, Form
from llm_cache_proxy.domain.entries.pairs import spelling_pair
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.domain.metrics.counter_names import (
    EXACT_HITS,
    SEMANTIC_HITS,
    STALE,
    hit_counts,
    merged,
)
from llm_cache_proxy.ports.exact_admin import CounterWindow, Listed, Page, Swept
from llm_cache_proxy.ports.exact_store import (
    RECENT_KEPT,
    AliasFound,
    Answered,
    Barred,
    BelowRaised,
    Commit,
    Found,
    Hit,
    Lookup,
    Match,
    Miss,
    OtherNamespace,
    Promoted,
    Refused,
)
from llm_cache_proxy.ports.key_store import HeldKey
from llm_cache_proxy.ports.lease_store import FoundSemantically, Poll


class FakeExact(FakeLeases, FakeKeys, FakePairs):
    """Keeps what it is given, by tenant."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1_700_000_000.0
        self.away = False
        self.slow_seconds = 0.0
        self.full = False
        self.commands = 0
        self.counted: dict[str, dict[str, int]] = {}
        self.entries: dict[tuple[str, str], Entry | tuple[Alias, Entry]] = {}
        self._cuts: dict[tuple[str, str], int] = {}
        self._before: dict[str, int] = {}
        self._fences: dict[tuple[str, str], int] = {}
        self._sequence: dict[str, int] = {}
        self._recent: dict[str, list[str]] = {}

    def count_of(self, name: str, tenant: str = "default") -> int:
        return self.counted.get(tenant, {}).get(name, 0)

    async def lookup(self, query: Lookup) -> Answered:
        self._call()
        answer = self._found(query) if query.check is None else self._keyed(query, query.check)
        self._count(query.tenant, query.counts)
        self._remember(query.tenant, query.recent)
        return answer

    def _keyed(self, query: Lookup, check: KeyCheck) -> Answered:
        now, place = int(self.time), (query.tenant, check.key_id)
        held = self.keys.get(place)
        if held is None:
            return Refused(Refusal.UNKNOWN)
        record, usage = held.record, held.usage.at(now)
        why = refusal(record, usage, check, now)
        if why is not None:
            return Refused(why, grant(record, usage, now))
        if check.namespace not in (None, record.namespace):
            return OtherNamespace(record.namespace)
        found = self._found(query)
        used, charge, short = after(record, usage, check, found=not isinstance(found, Miss))
        if self.full:
            return replace(found, grant=grant(record, used, now, short=short, counted=False))
        self.keys[place] = HeldKey(record, used)
        return replace(found, grant=grant(record, used, now, charge=charge, short=short))

    def _found(self, query: Lookup) -> Found:
        held = self.entries.get((query.tenant, query.key))
        sequence = self._sequence.get(query.tenant, 0)
        if isinstance(held, tuple):
            expired = held[1].expires_at <= self.time and query.flight is not None
            if expired or not self._lives(query.tenant, held[1], query):
                return self._missed(query)
            raised = self._standing(query.tenant).raised_threshold
            barred = self._is_barred(query.tenant, held[0].pair)
            return AliasFound(held[0], sequence, raised, barred=barred)
        if held is None or not self._lives(query.tenant, held, query):
            return self._missed(query)
        return self._entry_found(query, held, sequence)

    def _entry_found(self, query: Lookup, held: Entry, sequence: int) -> Found:
        spelt = spelling_pair(held.text_digest, query.text_digest)
        if held.text_digest != query.text_digest and self._is_barred(query.tenant, spelt):
            return Barred(sequence)
        if not held.forms.has(query.form):
            return replace(self._missed(query), unproved=True)
        hit = self._hit(query, held, STALE if held.expires_at <= self.time else EXACT_HITS)
        if query.flight is None or not hit.is_due(query.refresh_ahead):
            return hit
        return replace(
            hit, lease=self._taken(query.tenant, query.flight, query.lease_seconds, query.claim)
        )

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        self._call()
        held = self.entries.get((tenant, query.key))
        if not isinstance(held, Entry) or not self._lives(tenant, held, query):
            return Miss(self._sequence.get(tenant, 0))
        if match is not None:
            if self._is_barred(tenant, match.pair):
                return Barred(self._sequence.get(tenant, 0))
            raised = self._standing(tenant).raised_threshold
            if match.similarity < raised:
                return BelowRaised(self._sequence.get(tenant, 0), raised)
        if not held.forms.has(query.form):
            return Miss(self._sequence.get(tenant, 0), unproved=True)
        if alias is not None:
            self.entries[tenant, alias.key] = (alias, held)
        self._count(tenant, query.counts)
        if query.held is not None:
            self._end(tenant, query.held)
        return self._hit(query, held, SEMANTIC_HITS)

    async def commit(self, commit: Commit) -> bool:
        await asyncio.sleep(self.slow_seconds)
        self._call()
        self._count(commit.tenant, commit.counts)
        place, lease = (commit.tenant, commit.entry.key), commit.lease
        if lease is not None and self._fenced_off(commit.tenant, lease):
            return False
        if lease is not None:
            self._end(commit.tenant, lease)
            if self._fences.get(place, 0) > lease.token:
                return False
            self._fences[place] = lease.token
        if self._cut_off(commit.tenant, commit.entry):
            return False
        self.entries[commit.tenant, commit.entry.key] = commit.entry
        return True

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        self._call()
        self._count(tenant, counts)
        self._remember(tenant, recent)

    async def tenants(self) -> Sequence[str]:
        self._call()
        held = {tenant for tenant, _ in [*self.entries, *self.keys]}
        return sorted(held | set(self.counted) | self._known())

    async def cut(self, tenant: str, selector: str) -> int:
        self._call()
        cutoff = max(self._sequence.get(tenant, 0) + 1, int(self.time * 1000))
        self._sequence[tenant] = self._cuts[tenant, selector] = cutoff
        return cutoff

    async def sweep(self, tenant: str, selector: str) -> Swept:
        self._call()
        cutoff = self._cuts.get((tenant, selector), 0)
        dead = [
            place
            for place, held in self.entries.items()
            if place[0] == tenant
            and selector in (entry := held[1] if isinstance(held, tuple) else held).selectors
            and entry.sequence < cutoff
        ]
        aliases = sum(isinstance(self.entries.pop(place), tuple) for place in dead)
        return Swept(entries=len(dead) - aliases, aliases=aliases)

    async def cut_before(self, tenant: str, created_before: int) -> None:
        self._call()
        self._before[tenant] = max(self._before.get(tenant, 0), created_before)

    async def sweep_before(self, tenant: str) -> Swept:
        self._call()
        dead = [
            place
            for place, held in self.entries.items()
            if place[0] == tenant
            and (held[1] if isinstance(held, tuple) else held).created_at
            < self._before.get(tenant, 0)
        ]
        aliases = sum(isinstance(self.entries.pop(place), tuple) for place in dead)
        return Swept(entries=len(dead) - aliases, aliases=aliases)

    async def page(self, tenant: str, cursor: str | None, limit: int) -> Page:
        self._call()
        held = sorted(key for of, key in self.entries if of == tenant and key > (cursor or ""))
        found = [entry for key in held[:limit] if (entry := await self.read(tenant, key))]
        entries = [
            Listed(
                key=entry.key,
                entry_id=entry.entry_id,
                created_at=entry.created_at,
                expires_at=entry.expires_at,
                selectors=entry.selectors,
                model=entry.model,
                prompt_tokens=entry.prompt_tokens,
                completion_tokens=entry.completion_tokens,
            )
            for entry in found
        ]
        return Page(entries, held[limit - 1] if len(held) > limit else None)

    async def read(self, tenant: str, key: str) -> Entry | None:
        self._call()
        held = self.entries.get((tenant, key))
        if not isinstance(held, Entry) or held.expires_at <= self.time:
            return None
        return None if self._cut_off(tenant, held) else held

    async def count_entries(self, tenant: str) -> int:
        self._call()
        return sum(
            place[0] == tenant and isinstance(held, Entry) for place, held in self.entries.items()
        )

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        self._call()
        return [CounterWindow(tenant, 0, 0, dict(self.counted.get(tenant, {})))]

    async def recent(self, tenant: str) -> Sequence[str]:
        self._call()
        return self._recent.get(tenant, [])

    async def ping(self) -> None:
        self._call()

    async def aclose(self) -> None:
        """Nothing to release."""

    def _missed(self, query: Lookup) -> Miss:
        lease = None
        if query.flight is not None:
            lease = self._taken(query.tenant, query.flight, query.lease_seconds, query.claim)
        return Miss(self._clear_sequence(query.tenant), lease=lease)

    def _now(self) -> float:
        return self.time

    def _clear_sequence(self, tenant: str) -> int:
        return self._sequence.get(tenant, 0)

    def _polled_record(self, query: Poll) -> Entry | FoundSemantically | None:
        held = self.entries.get((query.tenant, query.key))
        asked = Lookup(query.tenant, query.key, Form.JSON, query.text_digest, query.max_age_seconds)
        if held is None:
            return None
        if not self._lives(query.tenant, held if isinstance(held, Entry) else held[1], asked):
            return None
        if not isinstance(held, Entry):
            return FoundSemantically()
        return held if held.text_digest == query.text_digest else None

    def _call(self) -> None:
        self.commands += 1
        if self.away:
            raise ExactStoreUnavailable("the fake exact store is away")

    def _count(self, tenant: str, counts: Mapping[str, int]) -> None:
        self._correct(tenant, counts)
        counters = {name: n for name, n in counts.items() if not name.startswith(USAGE)}
        self.counted[tenant] = merged(self.counted.get(tenant, {}), counters)

    def _remember(self, tenant: str, recent: Sequence[str]) -> None:
        held = [*reversed(recent), *self._recent.get(tenant, [])]
        self._recent[tenant] = held[:RECENT_KEPT]

    def _cut_off(self, tenant: str, entry: Entry) -> bool:
        too_old = entry.created_at < self._before.get(tenant, 0)
        return too_old or any(
            self._cuts.get((tenant, s), 0) > entry.sequence for s in entry.selectors
        )

    def _lives(self, tenant: str, entry: Entry, query: Lookup) -> bool:
        young = (
            query.max_age_seconds is None or self.time - entry.created_at <= query.max_age_seconds
        )
        in_time = entry.expires_at + query.stale_seconds > self.time
        return young and in_time and not self._cut_off(tenant, entry)

    def _hit(self, query: Lookup, entry: Entry, tier: str) -> Hit:
        tokens = (entry.prompt_tokens, entry.completion_tokens)
        self._count(query.tenant, hit_counts(tier, entry.model, *tokens))
        return Hit(
            body=entry.forms.body(query.form),
            entry_id=entry.entry_id,
            created_at=entry.created_at,
            expires_at=entry.expires_at,
            now=int(self.time),
            model=entry.model,
            prompt_tokens=entry.prompt_tokens,
            completion_tokens=entry.completion_tokens,
            text=None if entry.text_digest == query.text_digest else entry.text,
            sequence=self._sequence.get(query.tenant, 0),
        )
