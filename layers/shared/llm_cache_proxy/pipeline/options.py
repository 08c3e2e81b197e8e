"""The parts of a pipeline: its ports, the deadlines around them, and how steps behave."""

from collections.abc import Awaitable, Callable
from dataclasses import field
from typing import TYPE_CHECKING

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.metrics.pricing import CountedModels, PriceList
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.single_flight.coordinator import KEEP_ALIVE_SECONDS
from llm_cache_proxy.pipeline.support.background import DetachedTasks
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.pipeline.tiers.semantic import nothing_to_prepare
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.embedder import Embedder
from llm_cache_proxy.ports.exact_store.items import ItemStore
from llm_cache_proxy.ports.exact_store.leases import LeaseStore
from llm_cache_proxy.ports.exact_store.pairs import PairMemory
from llm_cache_proxy.ports.exact_store.store import ExactStore
from llm_cache_proxy.ports.upstream import Upstream
from llm_cache_proxy.ports.vector_store import VectorStore
from llm_cache_proxy.ports.verifier import Verifier

if TYPE_CHECKING:
    from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
    from llm_cache_proxy.pipeline.checks.learned import LearningRules
    from llm_cache_proxy.pipeline.checks.learning import CounterReader


@record()
class Ports:
    """The ports of the pipeline; `verifier` and `counters` are None where nothing needs them."""

    exact: ExactStore
    items: ItemStore
    leases: LeaseStore
    pairs: PairMemory
    vectors: VectorStore
    embedder: Embedder
    upstream: Upstream
    clock: Clock
    verifier: Verifier | None = None
    counters: "CounterReader | None" = None


@record()
class Dependencies:
    """A deadline and a breaker for each dependency."""

    exact: Dependency
    embedder: Dependency
    search: Dependency
    verifier: Dependency

    def all(self) -> tuple[Dependency, ...]:
        """Each of them, as the health report lists them."""
        return (self.exact, self.embedder, self.search, self.verifier)


@record()
class Options:
    """How the steps behave; `inline` says that nothing runs after an answer, as on Lambda.

    `stores_behind` lets a plain answer leave before it is stored, where work may run behind it.
    `shadow` None takes no samples, `learning` None learns no thresholds;
    `verifies_samples` False compares sampled answers by their
    similarity alone; `asks_verifier` False uses only the verdicts that are remembered. `chance`
    gives a number from 0 to 1. `prepare` is awaited before the semantic tier's first use.
    """

    prices: PriceList
    models: CountedModels
    guard: Guard
    dependencies: Dependencies
    hits: HitAnswers
    terms: LeaseTerms
    detached_tasks: DetachedTasks
    candidates: int
    unchecked_per_minute: int
    most_kept_bytes: int
    chance: Callable[[], float]
    shadow: "ShadowRules | None" = None
    learning: "LearningRules | None" = None
    verifies_samples: bool = True
    asks_verifier: bool = True
    inline: bool = False
    stores_behind: bool = False
    counter_seconds: float = 1.0
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS
    prepare: Callable[[], Awaitable[None]] = field(default=nothing_to_prepare)
