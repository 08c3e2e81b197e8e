"""The administrator's actions by name, over HTTP or by direct invocation.

Decides which fields an action takes and what it answers. Never checks the caller: that is
decided before (the admin key over HTTP, IAM for a direct invocation).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import (
    DEFAULT_TENANT,
    Clearing,
    check_is_explicit,
    selection,
)
from llm_cache_proxy.administration.client_keys.keys import ClientKeys
from llm_cache_proxy.administration.client_keys.records import KeyRecords
from llm_cache_proxy.administration.entries import Entries
from llm_cache_proxy.administration.entry_search import EntrySearch
from llm_cache_proxy.administration.explain import Explanation
from llm_cache_proxy.administration.feedback import AdministeredExact, Feedback
from llm_cache_proxy.administration.learning import LearningReport
from llm_cache_proxy.administration.metrics.counters import Counters
from llm_cache_proxy.administration.metrics.kept_requests import KeptRequests
from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
from llm_cache_proxy.administration.metrics.recent_requests import RecentRequests
from llm_cache_proxy.administration.metrics.report import Breakers, MetricsReport, Trust
from llm_cache_proxy.administration.metrics.request_list import RequestList
from llm_cache_proxy.administration.metrics.spans import CUSTOM, Span
from llm_cache_proxy.administration.metrics.store_health import StoreHealth
from llm_cache_proxy.administration.reembedding import Reembedding
from llm_cache_proxy.administration.transfer.export import EntryExport
from llm_cache_proxy.administration.transfer.import_entries import EntryImport
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_totals import Tally
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.pipeline.checks.learning import Learning
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.vector_store import VectorAdmin

_Act = Callable[[Fields], Awaitable[JsonObject]]


async def _nothing() -> None:
    """Release nothing."""


@dataclass(frozen=True, slots=True)
class Administration:
    """Every action of an operator, composed in `bootstrap`.

    `describe_settings` gives the effective settings with secrets masked. `explanation` and
    `entry_import` are None where the process has no pipeline, `key_ring` where it has no secret to
    sign clients' keys with. `breakers` reports those of this process. `latest_health` is shared
    with others who ask; without it each question is a check of the stores. `close` releases them.
    """

    exact: AdministeredExact
    vectors: VectorAdmin
    clock: Clock
    prices: PriceList
    describe_settings: Callable[[], Mapping[str, object]]
    explanation: Explanation | None = None
    entry_import: EntryImport | None = None
    reembedding: Reembedding | None = None
    key_ring: KeyRing | None = None
    breakers: Breakers = dict
    latest_health: LatestHealth | None = None
    close: Callable[[], Awaitable[None]] = field(default=_nothing)

    async def perform(self, action: Mapping[str, object]) -> JsonObject:
        """The answer to `{"action": name, ...}`.

        Raises InvalidRequest for an unknown action, field or value, and CacheTierError where a
        store that the action needs does not answer.
        """
        fields = Fields(action)
        name = fields.required_text("action")
        acts: dict[str, _Act] = {
            "stats": self._stats,
            "health": self._health,
            "clear": self._clear,
            "count": self._count,
            "entries": self._entries,
            "search_entries": EntrySearch(self.exact, self.clock).find,
            "requests": RequestList(self.exact, self.clock, self.prices).list,
            "entry": self._entry,
            "export": self._export,
            "import": self._import,
            "reembed": self._reembed,
            "purge": self._purge,
            "explain": self._explain,
            "feedback": self._feedback,
            "restore_threshold": self._restore_threshold,
            "learning": self._learning,
            "keys": self._client_keys.list,
            "create_key": self._client_keys.create,
            "revoke_key": self._client_keys.revoke,
            "rotate_key": self._client_keys.rotate,
            "edit_key": self._key_records.edit,
            "export_keys": self._key_records.export,
            "import_keys": self._key_records.import_records,
            "config": self._config,
        }
        act = acts.get(name)
        if act is None:
            raise InvalidRequest(
                f"There is no action '{name[:60]}'; there are {', '.join(acts)}.",
                param="action",
                code="unknown_action",
            )
        return await act(fields)

    async def tally(self, tenant: str | None = None) -> Tally:
        """Everything ever counted, for renderings of its own."""
        return await self._figures.tally(tenant)

    async def trust(self, tenant: str | None = None) -> Trust:
        """How far semantic hits are trusted, for renderings of its own."""
        return await self._figures.trust(tenant)

    async def metrics(self, tenant: str | None = None) -> JsonObject:
        """The JSON of `/metrics`."""
        return await self._figures.metrics(tenant)

    async def part_states(self) -> dict[str, str]:
        """What health says of each part, in a word."""
        verdict = await self._recent_verdict()
        parts = cast("Mapping[str, Mapping[str, str]]", verdict["parts"])
        return {name: part["status"] for name, part in parts.items()}

    async def dashboard(
        self,
        shown: str,
        tenant: str | None = None,
        since: int | None = None,
        until: int | None = None,
        *,
        model: str | None = None,
        key: str | None = None,
    ) -> JsonObject:
        """What the dashboard draws for a range by name, or a custom one from `since` to `until`.

        Health, entries and the newest requests come with it, and the names of all tenants. Of a
        `model` or `key` the figures are those of the requests that are kept: `kept` says of how
        many, and `counted` how many there were.
        """
        now = self.clock.now()
        span = Span.up_to(now, shown) if shown != CUSTOM else Span.between(now, since, until)
        figures = await self._figures.dashboard(span, tenant)
        counted = cast("Mapping[str, Mapping[str, int]]", figures["window"])["cache_performance"]
        tenants = await self._clearing.tenants(tenant)
        answer = {
            **figures,
            "kept": None,
            "counted": counted["total_requests"],
            "tenant_names": list(await self._clearing.tenants(None)),
            "threshold": self._threshold,
            "learns": self._learned_from is not None,
            "health": await self._recent_verdict(),
            "entries": await self._store_health.entries(tenants),
            "recent": await RecentRequests(self.exact).newest(tenants),
        }
        if model is not None or key is not None:
            kept = KeptRequests(self.exact, self.prices)
            answer |= await kept.dashboard(span, tenants, model=model, key=key)
        return answer

    async def _stats(self, fields: Fields) -> JsonObject:
        tenant = fields.text("tenant")
        fields.end()
        tenants = await self._clearing.tenants(tenant)
        return {
            "entries": await self._store_health.entries(tenants),
            **await self._figures.metrics(tenant),
        }

    async def _health(self, fields: Fields) -> JsonObject:
        fields.end()
        if self.latest_health is None:
            return await self._store_health.health()
        return await self.latest_health.current()

    async def _recent_verdict(self) -> JsonObject:
        if self.latest_health is None:
            return await self._store_health.health()
        return await self.latest_health.recent()

    async def _clear(self, fields: Fields) -> JsonObject:
        chosen = selection(fields, self.clock.now())
        dry_run = fields.flag("dry_run")
        fields.end()
        check_is_explicit(chosen)
        if dry_run:
            return await self._clearing.preview(chosen, await Entries(self.exact).count(chosen))
        return await self._clearing.clear(chosen)

    async def _entries(self, fields: Fields) -> JsonObject:
        chosen = selection(fields, self.clock.now())
        return await Entries(self.exact).list(fields, chosen)

    async def _entry(self, fields: Fields) -> JsonObject:
        return await Entries(self.exact).show(fields)

    async def _export(self, fields: Fields) -> JsonObject:
        chosen = selection(fields, self.clock.now())
        return await EntryExport(self.exact, self.vectors).export(fields, chosen)

    async def _import(self, fields: Fields) -> JsonObject:
        if self.entry_import is None:
            raise InvalidRequest(
                "This process cannot import: it has no pipeline.", code="import_not_available"
            )
        return await self.entry_import.import_lines(fields)

    async def _reembed(self, fields: Fields) -> JsonObject:
        if self.reembedding is None:
            raise InvalidRequest(
                "There is no semantic tier to move to another embedder.",
                code="reembed_not_available",
            )
        return await self.reembedding.move(fields)

    async def _count(self, fields: Fields) -> JsonObject:
        tenant = fields.text("tenant")
        fields.end()
        tenants = await self._clearing.tenants(tenant)
        return {
            "entries": await self._store_health.entries(tenants),
            "tenants": {name: await self._store_health.entries([name]) for name in tenants},
        }

    async def _purge(self, fields: Fields) -> JsonObject:
        fields.end()
        return {"purged": {"semantic": await self.vectors.purge(int(self.clock.now()))}}

    async def _explain(self, fields: Fields) -> JsonObject:
        if self.explanation is None:
            raise InvalidRequest(
                "This process cannot explain: it has no pipeline.", code="explain_not_available"
            )
        return await self.explanation.explain(fields)

    async def _feedback(self, fields: Fields) -> JsonObject:
        tenant = fields.text("tenant") or DEFAULT_TENANT
        return await Feedback(self.exact, self.vectors).apply(tenant, fields)

    async def _restore_threshold(self, fields: Fields) -> JsonObject:
        tenant = fields.text("tenant") or DEFAULT_TENANT
        fields.end()
        return await Feedback(self.exact, self.vectors).restore_threshold(tenant)

    async def _learning(self, fields: Fields) -> JsonObject:
        tenant = fields.text("tenant") or DEFAULT_TENANT
        fields.end()
        return await LearningReport(self._learned_from, Counters(self.exact)).report(tenant)

    async def _config(self, fields: Fields) -> JsonObject:
        fields.end()
        return {"settings": dict(self.describe_settings())}

    @property
    def _learned_from(self) -> Learning | None:
        return None if self.explanation is None else self.explanation.pipeline.learning

    @property
    def _threshold(self) -> float | None:
        """The least similarity of a semantic hit; None where there are none."""
        policy = None if self.explanation is None else self.explanation.pipeline.policy
        return policy.threshold if policy is not None and policy.semantic else None

    @property
    def _figures(self) -> MetricsReport:
        return MetricsReport(
            Counters(self.exact), self.exact, self.clock, self.prices, self.breakers
        )

    @property
    def _clearing(self) -> Clearing:
        return Clearing(self.exact, self.vectors)

    @property
    def _client_keys(self) -> ClientKeys:
        return ClientKeys(self.exact, self.exact, self.key_ring, self.clock)

    @property
    def _key_records(self) -> KeyRecords:
        return KeyRecords(self.exact, self.exact, self.clock)

    @property
    def _store_health(self) -> StoreHealth:
        return StoreHealth(self.exact, self.vectors, self.clock)
