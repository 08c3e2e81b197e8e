"""How the pipeline is put together: the one place that wires the steps of a request.

`bootstrap` composes over the adapters that the settings name, the tests over fakes, and an
operator's dry run over read-only stores.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from llm_cache_proxy.domain.client_keys.local_rate import LocalRate
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
from llm_cache_proxy.pipeline.admission import Admission
from llm_cache_proxy.pipeline.checks.agreement import Agreement
from llm_cache_proxy.pipeline.checks.fresh_answers import FreshAnswers
from llm_cache_proxy.pipeline.checks.learning import CounterReader, Learning, LearningRules
from llm_cache_proxy.pipeline.checks.shadow_sampling import ShadowSampler
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.client_keys.gate import ClientKeyGate
from llm_cache_proxy.pipeline.proxy import CachingProxy
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.recording.upstream_usage import UpstreamUsage
from llm_cache_proxy.pipeline.single_flight.coordinator import KEEP_ALIVE_SECONDS, SingleFlight
from llm_cache_proxy.pipeline.support.background import Background, DetachedTasks
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.exact import ExactTier
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms, LostLeases
from llm_cache_proxy.pipeline.tiers.semantic import SemanticTier, nothing_to_prepare
from llm_cache_proxy.pipeline.upstream.entry_writer import EntryWriter
from llm_cache_proxy.pipeline.upstream.miss import MissPath
from llm_cache_proxy.pipeline.upstream.requests import UpstreamRequests
from llm_cache_proxy.pipeline.upstream.revalidation import Revalidation
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.embedder import Embedder
from llm_cache_proxy.ports.exact_store import ExactStore
from llm_cache_proxy.ports.lease_store import LeaseStore
from llm_cache_proxy.ports.pair_memory import PairMemory
from llm_cache_proxy.ports.upstream import Upstream
from llm_cache_proxy.ports.vector_store import VectorStore
from llm_cache_proxy.ports.verifier import Verifier


@dataclass(frozen=True, slots=True)
class Ports:
    """What the pipeline reaches the outside through.

    `verifier` is None where there is none, `counters` where nothing is learned.
    """

    exact: ExactStore
    leases: LeaseStore
    pairs: PairMemory
    vectors: VectorStore
    embedder: Embedder
    upstream: Upstream
    clock: Clock
    verifier: Verifier | None = None
    counters: CounterReader | None = None


@dataclass(frozen=True, slots=True)
class Dependencies:
    """One deadline and breaker a dependency."""

    exact: Dependency
    embedder: Dependency
    search: Dependency
    verifier: Dependency

    def all(self) -> tuple[Dependency, ...]:
        """Each of them, as the health report lists them."""
        return (self.exact, self.embedder, self.search, self.verifier)


@dataclass(frozen=True, slots=True)
class Options:
    """How the steps behave; `inline` says that nothing runs after an answer, as on Lambda.

    `shadow` None takes no samples, `learning` None learns no thresholds;
    `verifies_samples` False compares sampled answers by their
    similarity alone; `asks_verifier` False uses only the verdicts that are remembered. `chance`
    gives a number from 0 to 1. `prepare` is awaited before the semantic tier's first use.
    """

    prices: PriceList
    guard: Guard
    dependencies: Dependencies
    hits: HitAnswers
    terms: LeaseTerms
    detached_tasks: DetachedTasks
    candidates: int
    unchecked_per_minute: int
    most_kept_bytes: int
    chance: Callable[[], float]
    shadow: ShadowRules | None = None
    learning: LearningRules | None = None
    verifies_samples: bool = True
    asks_verifier: bool = True
    inline: bool = False
    counter_seconds: float = 1.0
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS
    prepare: Callable[[], Awaitable[None]] = field(default=nothing_to_prepare)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The composed steps by name, for those who call one alone; `proxy` is the whole."""

    ports: Ports
    policy: Policy
    options: Options
    proxy: CachingProxy
    admission: Admission
    exact: ExactTier
    semantic: SemanticTier
    entry_writer: EntryWriter
    counter_writer: CounterWriter
    learning: Learning | None


def compose(ports: Ports, policy: Policy, options: Options) -> Pipeline:
    """The pipeline over these ports. Opens nothing."""
    prices, parts = options.prices, options.dependencies
    counter_writer = CounterWriter(ports.exact, options.counter_seconds)
    background = Background()
    keys = ClientKeyGate(
        counter_writer, ports.clock, prices, LocalRate(options.unchecked_per_minute), {}
    )
    lost_leases = LostLeases(ports.leases, options.terms, background)
    exact = ExactTier(
        store=ports.exact,
        dependency=parts.exact,
        guard=options.guard,
        counter_writer=counter_writer,
        embedder_id=ports.embedder.embedder_id,
        hits=options.hits,
        keys=keys,
        lost_leases=lost_leases,
        believes_promotions=options.learning is None,
    )
    single_flight = SingleFlight(
        store=ports.leases,
        exact=exact,
        dependency=parts.exact,
        lost_leases=lost_leases,
        hits=options.hits,
        counter_writer=counter_writer,
        background=background,
        keep_alive_seconds=options.keep_alive_seconds,
    )
    pair_verifier = _pair_verifier(ports, options, counter_writer, background)
    learning = _learning(ports, policy, options, counter_writer, background, pair_verifier)
    semantic = SemanticTier(
        exact=ports.exact,
        vectors=ports.vectors,
        embedder=ports.embedder,
        guard=options.guard,
        exact_dependency=parts.exact,
        embedder_dependency=parts.embedder,
        search_dependency=parts.search,
        clock=ports.clock,
        candidates=options.candidates,
        hits=options.hits,
        prepare=options.prepare,
        pair_verifier=pair_verifier,
        shadow_sampler=_shadow_sampler(
            ports, policy, options, counter_writer, background, pair_verifier
        ),
        learning=learning,
    )
    entry_writer = EntryWriter(
        exact=ports.exact,
        exact_dependency=parts.exact,
        semantic=semantic,
        counter_writer=counter_writer,
        clock=ports.clock,
    )
    proxy = CachingProxy(
        policy=policy,
        upstream=ports.upstream,
        keys=keys,
        exact=exact,
        single_flight=single_flight,
        revalidation=Revalidation(single_flight, inline=options.inline),
        semantic=semantic,
        miss=MissPath(
            UpstreamRequests(ports.upstream),
            entry_writer,
            UpstreamUsage(counter_writer, prices),
            options.detached_tasks,
            options.most_kept_bytes,
        ),
        pair_verifier=pair_verifier,
        learning=learning,
        counter_writer=counter_writer,
        background=background,
    )
    admission = Admission(ports.exact, parts.exact, keys)
    return Pipeline(
        ports,
        policy,
        options,
        proxy,
        admission,
        exact,
        semantic,
        entry_writer,
        counter_writer,
        learning,
    )


def _pair_verifier(
    ports: Ports, options: Options, counter_writer: CounterWriter, background: Background
) -> PairVerifier | None:
    if ports.verifier is None:
        return None
    return PairVerifier(
        verifier=ports.verifier,
        memory=ports.pairs,
        dependency=options.dependencies.verifier,
        exact_dependency=options.dependencies.exact,
        counter_writer=counter_writer,
        background=background,
        counted_model=options.prices.counted_name,
        cost=options.prices.cost,
        asks=options.asks_verifier,
    )


def _shadow_sampler(
    ports: Ports,
    policy: Policy,
    options: Options,
    counter_writer: CounterWriter,
    background: Background,
    pair_verifier: PairVerifier | None,
) -> ShadowSampler | None:
    if options.shadow is None:
        return None
    judge = pair_verifier if options.verifies_samples else None
    return ShadowSampler(
        rules=options.shadow,
        threshold=policy.threshold,
        fresh_answers=FreshAnswers(ports.upstream, options.prices.counted_name),
        agreement=Agreement(options.shadow, ports.embedder, options.dependencies.embedder, judge),
        memory=ports.pairs,
        exact_dependency=options.dependencies.exact,
        counter_writer=counter_writer,
        background=background,
        chance=options.chance,
        instead=options.inline,
    )


def _learning(
    ports: Ports,
    policy: Policy,
    options: Options,
    counter_writer: CounterWriter,
    background: Background,
    pair_verifier: PairVerifier | None,
) -> Learning | None:
    if options.learning is None or ports.counters is None:
        return None
    judge = pair_verifier if options.verifies_samples else None
    parts = options.dependencies
    return Learning(
        rules=options.learning,
        configured=policy.threshold,
        counters=ports.counters,
        vectors=ports.vectors,
        agreement=Agreement(ShadowRules(), ports.embedder, parts.embedder, judge),
        fresh_answers=FreshAnswers(ports.upstream, options.prices.counted_name),
        exact_dependency=parts.exact,
        search_dependency=parts.search,
        counter_writer=counter_writer,
        background=background,
        clock=ports.clock,
        chance=options.chance,
        inline=options.inline,
    )
