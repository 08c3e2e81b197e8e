"""Composes the pipeline: the one place that wires the steps of a request.

`bootstrap` composes over the adapters that the settings name, the tests over fakes, and an
operator's dry run over read-only stores.
"""

from typing import TYPE_CHECKING

from llm_cache_proxy.domain.client_keys.local_rate import LocalRate
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.admission import Admission
from llm_cache_proxy.pipeline.client_keys import ClientKeyGate
from llm_cache_proxy.pipeline.composed_checks import compose_checks
from llm_cache_proxy.pipeline.composed_embeddings import CachedEmbeddings, compose_embeddings
from llm_cache_proxy.pipeline.options import Options, Ports
from llm_cache_proxy.pipeline.proxy import CachingProxy
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.single_flight.coordinator import SingleFlight
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.embedding_calls import EmbeddingCalls
from llm_cache_proxy.pipeline.support.unstored import UnstoredAnswers
from llm_cache_proxy.pipeline.tiers.exact import ExactTier
from llm_cache_proxy.pipeline.tiers.leases import LostLeases
from llm_cache_proxy.pipeline.tiers.promotions import Promotions
from llm_cache_proxy.pipeline.tiers.semantic import SemanticTier
from llm_cache_proxy.pipeline.upstream.miss import MissPath
from llm_cache_proxy.pipeline.upstream.records import EntryWriter, UpstreamUsage
from llm_cache_proxy.pipeline.upstream.requests import UpstreamRequests
from llm_cache_proxy.pipeline.upstream.revalidation import Revalidation

if TYPE_CHECKING:
    from llm_cache_proxy.pipeline.checks.learning import Learning


@record()
class Pipeline:
    """The composed steps by name, for callers that need one alone; `proxy` runs them all."""

    ports: Ports
    policy: Policy
    options: Options
    proxy: CachingProxy
    embeddings: CachedEmbeddings
    admission: Admission
    exact: ExactTier
    semantic: SemanticTier
    entry_writer: EntryWriter
    counter_writer: CounterWriter
    learning: "Learning | None"


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
    behind = options.stores_behind and not options.inline
    unstored = UnstoredAnswers() if behind else None
    unstored_items = UnstoredAnswers() if behind else None  # searches do not wait for batches
    checks = compose_checks(ports, policy, options, counter_writer, background)
    promotions = Promotions(
        exact=ports.exact,
        vectors=ports.vectors,
        guard=options.guard,
        embedder_id=ports.embedder.embedder_id,
        exact_dependency=parts.exact,
        search_dependency=parts.search,
        clock=ports.clock,
    )
    semantic = SemanticTier(
        promotions=promotions,
        vectors=ports.vectors,
        embedder=ports.embedder,
        guard=options.guard,
        embedding_calls=EmbeddingCalls(ports.embedder, parts.embedder, options.prices),
        search_dependency=parts.search,
        clock=ports.clock,
        candidates=options.candidates,
        hits=options.hits,
        prepare=options.prepare,
        unstored=unstored,
        pair_verifier=checks.pair_verifier,
        shadow_sampler=checks.shadow_sampler,
        learning=checks.learning,
    )
    entry_writer = EntryWriter(
        exact=ports.exact,
        exact_dependency=parts.exact,
        semantic=semantic,
        counter_writer=counter_writer,
        clock=ports.clock,
    )
    miss = MissPath(
        UpstreamRequests(ports.upstream),
        entry_writer,
        UpstreamUsage(counter_writer, prices, options.models),
        options.detached_tasks,
        options.most_kept_bytes,
        unstored,
    )
    proxy = CachingProxy(
        policy=policy,
        upstream=ports.upstream,
        keys=keys,
        exact=exact,
        single_flight=single_flight,
        revalidation=Revalidation(single_flight, inline=options.inline),
        semantic=semantic,
        miss=miss,
        pair_verifier=checks.pair_verifier,
        learning=checks.learning,
        counter_writer=counter_writer,
        background=background,
        unstored=unstored,
        unstored_items=unstored_items,
    )
    admission = Admission(ports.exact, parts.exact, keys)
    return Pipeline(
        ports,
        policy,
        options,
        proxy,
        compose_embeddings(ports, policy, parts.exact, keys, miss, lost_leases, unstored_items),
        admission,
        exact,
        semantic,
        entry_writer,
        counter_writer,
        checks.learning,
    )
