"""The whole pipeline over fakes, and a short way to ask it."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from fakes.embedder import FakeEmbedder
from fakes.exact import FakeExact
from fakes.upstream import FakeUpstream
from fakes.vectors import FakeVectors
from fakes.verifier import FakeVerifier
from llm_cache_proxy.domain.client_keys.local_rate import LocalRate
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.evaluation.shadow_rules import ShadowRules
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.domain.metrics.pricing import Price, PriceList
from llm_cache_proxy.domain.requests.controls import parse_controls
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.upstreams.breaker import Breaker
from llm_cache_proxy.pipeline.checks.agreement import Agreement
from llm_cache_proxy.pipeline.checks.shadow_sampling import ShadowSampler
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.client_keys.gate import ClientKeyGate
from llm_cache_proxy.pipeline.proxy import CachingProxy
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.recording.upstream_usage import UpstreamUsage
from llm_cache_proxy.pipeline.request.answer import Answer, Outcome
from llm_cache_proxy.pipeline.request.client_request import ClientRequest
from llm_cache_proxy.pipeline.single_flight.coordinator import SingleFlight
from llm_cache_proxy.pipeline.support.background import Background, DetachedTasks
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.exact import ExactTier
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms, LostLeases
from llm_cache_proxy.pipeline.tiers.semantic import SemanticTier
from llm_cache_proxy.pipeline.upstream.entry_writer import EntryWriter
from llm_cache_proxy.pipeline.upstream.miss import MissPath
from llm_cache_proxy.pipeline.upstream.requests import UpstreamRequests
from llm_cache_proxy.pipeline.upstream.revalidation import Revalidation

TIERS = ("exact", "embed", "search", "verifier")

PROMPT_NANO, COMPLETION_NANO = 100, 2_000
"""What a token of the model `m` costs."""


class OwnNames(PriceList):
    """Counts every model under its own name."""

    def counted_name(self, model: str) -> str:
        return model


PRICES = OwnNames({"m": Price(PROMPT_NANO, COMPLETION_NANO), "unpriced": None}, {"m": "m"})

CANDIDATES = 5


@dataclass
class ReceivedAnswer:
    """An answer read to its end."""

    status: int
    body: bytes
    outcome: Outcome

    @property
    def x_cache(self) -> str:
        return self.outcome.result.value

    @property
    def said(self) -> str:
        return str(json.loads(self.body)["choices"][0]["message"]["content"])


@dataclass
class Harness:
    """Fakes behind every port; `time` is the one clock."""

    policy: Policy = field(default_factory=Policy)
    shadow: ShadowRules = field(default_factory=ShadowRules)
    verified_shadow: bool = False
    frozen: bool = False
    chance: float = 0.0
    verifier: FakeVerifier = field(default_factory=FakeVerifier)
    unchecked_per_minute: int = 2
    exact: FakeExact = field(default_factory=FakeExact)
    vectors: FakeVectors = field(default_factory=FakeVectors)
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)
    upstream: FakeUpstream = field(default_factory=FakeUpstream)
    detached_tasks: DetachedTasks = field(default_factory=DetachedTasks)
    terms: LeaseTerms = field(default_factory=lambda: LeaseTerms(retry_seconds=0))
    keep_alive_seconds: float = 5.0
    hits: HitAnswers = field(default_factory=lambda: HitAnswers(PRICES))
    proxy: CachingProxy = field(init=False)

    def __post_init__(self) -> None:
        self.proxy = self._composed()

    def now(self) -> float:
        return self.exact.time

    def monotonic(self) -> float:
        return self.exact.time

    async def ask(self, text: str = "What is Rust?", **changes: Any) -> ReceivedAnswer:
        """Ask and read the answer; `headers` and `tenant` apart, changes are fields."""
        answer = await self.begin(text, **changes)
        body = answer.body
        if not isinstance(body, bytes):
            async with aclosing(body) as pieces:
                body = b"".join([piece async for piece in pieces])
        await self.proxy.drain()
        return ReceivedAnswer(answer.status, body, answer.outcome)

    async def begin(self, text: str = "What is Rust?", **changes: Any) -> Answer:
        """Ask in some `dialect`, and leave the answer's body to the caller."""
        headers = changes.pop("headers", {})
        tenant, key_id = changes.pop("tenant", "default"), changes.pop("key_id", None)
        messages = [{"role": "user", "content": text}]
        dialect = changes.pop("dialect", ChatDialect())
        by_path = {"/responses": {"input": text}, "/completions": {"prompt": text}}
        asked = by_path.get(dialect.path, {"messages": messages})
        raw = json.dumps({"model": "m", **asked, **changes}).encode()
        request = ClientRequest(
            tenant=tenant,
            query="",
            headers=headers,
            body=raw,
            fields=dialect.checked(parse_object(raw)),
            controls=parse_controls(headers),
            dialect=dialect,
            key_id=key_id,
        )
        return await self.proxy.answer(request)

    def _composed(self) -> CachingProxy:
        guard = Guard()
        counter_writer = CounterWriter(self.exact, 1.0)
        tiers = {name: Dependency(name, 1.0, self, Breaker()) for name in TIERS}
        background = Background()
        pair_verifier = PairVerifier(
            verifier=self.verifier,
            memory=self.exact,
            dependency=tiers["verifier"],
            exact_dependency=tiers["exact"],
            counter_writer=counter_writer,
            background=background,
            counted_model=lambda model: model,
            cost=lambda _, prompt, completion: prompt + 2 * completion,
        )
        shadow_sampler = ShadowSampler(
            rules=self.shadow,
            threshold=self.policy.threshold,
            upstream=self.upstream,
            agreement=Agreement(
                self.shadow,
                self.embedder,
                tiers["embed"],
                pair_verifier if self.verified_shadow else None,
            ),
            memory=self.exact,
            exact_dependency=tiers["exact"],
            counter_writer=counter_writer,
            background=background,
            counted_model=lambda model: model,
            chance=lambda: self.chance,
            instead=self.frozen,
        )
        semantic = SemanticTier(
            exact=self.exact,
            vectors=self.vectors,
            embedder=self.embedder,
            guard=guard,
            exact_dependency=tiers["exact"],
            embedder_dependency=tiers["embed"],
            search_dependency=tiers["search"],
            clock=self,
            candidates=CANDIDATES,
            hits=self.hits,
            pair_verifier=pair_verifier,
            shadow_sampler=shadow_sampler,
        )
        gate = ClientKeyGate(counter_writer, self, PRICES, LocalRate(self.unchecked_per_minute), {})
        embedder_id = self.embedder.embedder_id
        lost_leases = LostLeases(self.exact, self.terms, background)
        exact = ExactTier(
            self.exact,
            tiers["exact"],
            guard,
            counter_writer,
            embedder_id,
            self.hits,
            gate,
            lost_leases,
        )
        single_flight = SingleFlight(
            self.exact, exact, self.terms, background, self.keep_alive_seconds
        )
        entry_writer = EntryWriter(
            self.exact, tiers["exact"], semantic, counter_writer, self, lambda model: model
        )
        upstream_usage = UpstreamUsage(counter_writer, PRICES)
        miss = MissPath(
            UpstreamRequests(self.upstream), entry_writer, upstream_usage, self.detached_tasks
        )
        revalidation = Revalidation(single_flight, background, inline=self.frozen)
        return CachingProxy(
            self.policy,
            self.upstream,
            exact,
            semantic,
            miss,
            counter_writer,
            background,
            single_flight,
            revalidation,
        )


async def read(body: bytes | AsyncGenerator[bytes, None]) -> list[bytes]:
    """The pieces of a streamed body."""
    assert not isinstance(body, bytes)
    async with aclosing(body) as pieces:
        return [piece async for piece in pieces]
