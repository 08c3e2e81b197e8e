"""The whole pipeline over fakes, and a short way to ask it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from fakes.embedder import FakeEmbedder
from fakes.exact import MemoryExact
from fakes.upstream import FakeUpstream
from fakes.vectors import FakeVectors
from fakes.verifier import FakeVerifier
from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.domain.metrics.pricing import CountedModels, Price, PriceList
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
from llm_cache_proxy.pipeline.checks.learned import LearningRules
from llm_cache_proxy.pipeline.composition import Pipeline, compose
from llm_cache_proxy.pipeline.options import Dependencies, Options, Ports
from llm_cache_proxy.pipeline.proxy import CachingProxy
from llm_cache_proxy.pipeline.request.answer import Answer, Outcome
from llm_cache_proxy.pipeline.request.planned_request import client_request
from llm_cache_proxy.pipeline.support.background import DetachedTasks
from llm_cache_proxy.pipeline.support.dependency import Breaker, Dependency
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms

TIERS = ("exact", "embed", "search", "verifier")

PROMPT_NANO, COMPLETION_NANO = 100, 2_000
"""What a token of the model `m` costs."""


class OwnNames(PriceList):
    """Counts every model under its own name."""

    def counted_name(self, model: str) -> str:
        return model

    def cost(self, counted: str, prompt_tokens: int, completion_tokens: int) -> int:  # noqa: ARG002 (one price)
        return prompt_tokens + 2 * completion_tokens


PRICES = OwnNames({"m": Price(PROMPT_NANO, COMPLETION_NANO), "unpriced": None}, {"m": "m"})

CANDIDATES = 5
MOST_KEPT_BYTES = 20_000


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
    learning: LearningRules | None = None
    frozen: bool = False
    stores_behind: bool = False
    deadline_seconds: float = 60.0  # a test that holds a call is no slow store
    chance: float = 0.0
    verifier: FakeVerifier = field(default_factory=FakeVerifier)
    unchecked_per_minute: int = 2
    exact: MemoryExact = field(default_factory=MemoryExact)
    vectors: FakeVectors = field(default_factory=FakeVectors)
    embedder: FakeEmbedder = field(default_factory=FakeEmbedder)
    upstream: FakeUpstream = field(default_factory=FakeUpstream)
    detached_tasks: DetachedTasks = field(default_factory=DetachedTasks)
    terms: LeaseTerms = field(default_factory=lambda: LeaseTerms(retry_seconds=0))
    keep_alive_seconds: float = 5.0
    hits: HitAnswers = field(default_factory=lambda: HitAnswers(PRICES))
    pipeline: Pipeline = field(init=False)
    proxy: CachingProxy = field(init=False)

    def __post_init__(self) -> None:
        self.pipeline = self._composed()
        self.proxy = self.pipeline.proxy

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
        state = changes.pop("state", None)
        tenant, key_id = changes.pop("tenant", "default"), changes.pop("key_id", None)
        client = Client(tenant, key_id, upstream_key=changes.pop("upstream_key", None))
        messages = [{"role": "user", "content": text}]
        dialect = changes.pop("dialect", ChatDialect())
        by_path = {"/responses": {"input": text}, "/completions": {"prompt": text}}
        asked = by_path.get(dialect.path, {"messages": messages})
        raw = json.dumps({"model": "m", **asked, **changes}).encode()
        request = client_request(client, dialect, parse_object(raw), body=raw, headers=headers)
        return await self.proxy.answer(request, state)

    def _composed(self) -> Pipeline:
        parts = (Dependency(name, self.deadline_seconds, self, Breaker()) for name in TIERS)
        ports = Ports(
            exact=self.exact,
            items=self.exact,
            leases=self.exact,
            pairs=self.exact,
            vectors=self.vectors,
            embedder=self.embedder,
            upstream=self.upstream,
            clock=self,
            verifier=self.verifier,
            counters=self.exact,
        )
        options = Options(
            prices=PRICES,
            models=CountedModels(PRICES),
            guard=Guard(),
            dependencies=Dependencies(*parts),
            hits=self.hits,
            terms=self.terms,
            detached_tasks=self.detached_tasks,
            candidates=CANDIDATES,
            unchecked_per_minute=self.unchecked_per_minute,
            most_kept_bytes=MOST_KEPT_BYTES,
            chance=lambda: self.chance,
            shadow=self.shadow,
            learning=self.learning,
            verifies_samples=self.verified_shadow,
            inline=self.frozen,
            stores_behind=self.stores_behind,
            keep_alive_seconds=self.keep_alive_seconds,
        )
        return compose(ports, self.policy, options)


async def let_tasks_run() -> None:
    """Let everything go on that waits for nobody, on a machine that is late for a sleep as well."""
    for _ in range(50):
        await asyncio.sleep(0)
    await asyncio.sleep(0.02)  # for what a thread does


async def read(body: bytes | AsyncGenerator[bytes, None]) -> list[bytes]:
    """The pieces of a streamed body."""
    assert not isinstance(body, bytes)
    async with aclosing(body) as pieces:
        return [piece async for piece in pieces]
