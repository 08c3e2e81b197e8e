"""How the pipeline is put together: the steps of a request over the parts that they use."""

from dataclasses import dataclass, field

from llm_cache_proxy.adapters.null import NullEmbedder, NullVectorStore
from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.bootstrap.checking import shadow_sampler_over, verifier_over
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.bootstrap.priming import SemanticTierOnFirstUse
from llm_cache_proxy.domain.client_keys.local_rate import LocalRate
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.metrics.pricing import PriceList, default_prices
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.presets import semantic_rules
from llm_cache_proxy.domain.upstreams.breaker import Breaker
from llm_cache_proxy.pipeline.client_keys.gate import ClientKeyGate
from llm_cache_proxy.pipeline.proxy import CachingProxy
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.recording.upstream_usage import UpstreamUsage
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
from llm_cache_proxy.settings import Settings


def policy(settings: Settings, parts: Parts) -> Policy:
    """The operator's rules; the semantic tier is off unless it is completely configured."""
    whole = not isinstance(parts.vectors, NullVectorStore) and not isinstance(
        parts.embedder, NullEmbedder
    )
    rules = semantic_rules(settings.semantic_preset, settings.similarity_threshold)
    return Policy(
        semantic=settings.semantic_cache and rules.semantic and whole,
        threshold=rules.threshold,
        verified=rules.verified,
        max_temperature=settings.semantic_max_temperature,
        semantic_with_tools=settings.semantic_with_tools,
        default_ttl_seconds=settings.default_ttl_seconds,
        creative_ttl_seconds=settings.creative_ttl_seconds,
        max_ttl_seconds=settings.max_ttl_seconds,
        normalise=settings.normalise_prompts and rules.semantic,
        coalesce=settings.single_flight,
        stale_if_error_seconds=settings.stale_if_error_seconds,
        stale_while_revalidate_seconds=settings.stale_while_revalidate_seconds,
        refresh_ahead=settings.refresh_ahead,
    )


def guard_of(settings: Settings) -> Guard:
    """The guard with the rules that are in force; raises SettingsError for a rule there is not."""
    names = (name.strip() for name in settings.guard_rules_off.split(","))
    try:
        return Guard(disabled_rules=frozenset(filter(None, names)))
    except ValueError as exc:
        raise SettingsError(f"GUARD_RULES_OFF: {exc}") from exc


def tiers(settings: Settings) -> dict[str, Dependency]:
    """One deadline and breaker a tier."""
    deadlines = {
        "exact": settings.exact_deadline_seconds,
        "embed": settings.embed_deadline_seconds,
        "search": settings.search_deadline_seconds,
        "verifier": settings.verifier_deadline_seconds,
    }
    clock = SystemClock()
    return {
        name: Dependency(name, seconds, clock, Breaker()) for name, seconds in deadlines.items()
    }


@dataclass(frozen=True, slots=True)
class _Common:
    """What several steps share."""

    settings: Settings
    parts: Parts
    tiers: dict[str, Dependency]
    guard: Guard
    prices: PriceList
    counter_writer: CounterWriter
    hits: HitAnswers
    clock: SystemClock = field(default_factory=SystemClock)
    background: Background = field(default_factory=Background)


def proxy(
    settings: Settings, parts: Parts, by_name: dict[str, Dependency], *, frozen: bool = False
) -> CachingProxy:
    """The pipeline over these parts; `frozen` where nothing runs after an answer."""
    prices = default_prices(settings.prices_path)
    common = _Common(
        settings=settings,
        parts=parts,
        tiers=by_name,
        guard=guard_of(settings),
        prices=prices,
        counter_writer=CounterWriter(parts.exact, settings.exact_deadline_seconds),
        hits=HitAnswers(prices, settings.replay_words_per_second, settings.fresh_ids),
    )
    lost_leases = _lost_leases(common, frozen=frozen)
    exact = _exact_tier(common, lost_leases)
    single_flight = SingleFlight(parts.exact, exact, lost_leases.terms, common.background)
    semantic = _semantic_tier(common, frozen=frozen)
    return CachingProxy(
        policy(settings, parts),
        parts.upstream,
        exact,
        semantic,
        _miss_path(common, semantic),
        common.counter_writer,
        common.background,
        single_flight,
        Revalidation(single_flight, common.background, inline=frozen),
    )


def _exact_tier(common: _Common, lost_leases: LostLeases) -> ExactTier:
    settings = common.settings
    return ExactTier(
        store=common.parts.exact,
        dependency=common.tiers["exact"],
        guard=common.guard,
        counter_writer=common.counter_writer,
        embedder_id=common.parts.embedder.embedder_id,
        hits=common.hits,
        keys=ClientKeyGate(
            counter_writer=common.counter_writer,
            clock=common.clock,
            prices=common.prices,
            unchecked=LocalRate(settings.unchecked_requests_per_minute),
            namespaces={},
        ),
        lost_leases=lost_leases,
    )


def _lost_leases(common: _Common, *, frozen: bool) -> LostLeases:
    settings = common.settings
    terms = LeaseTerms(
        lease_seconds=settings.lease_seconds,
        wait_seconds=settings.single_flight_wait_seconds,
        command_seconds=settings.exact_deadline_seconds,
        retry_seconds=0 if frozen else settings.lease_seconds,
    )
    return LostLeases(common.parts.exact, terms, common.background)


def _semantic_tier(common: _Common, *, frozen: bool) -> SemanticTier:
    settings, parts, by_name = common.settings, common.parts, common.tiers
    watched = (settings, parts, by_name, common.counter_writer, common.background)
    pair_verifier = verifier_over(*watched)
    return SemanticTier(
        exact=parts.exact,
        vectors=parts.vectors,
        embedder=parts.embedder,
        guard=common.guard,
        exact_dependency=by_name["exact"],
        embedder_dependency=by_name["embed"],
        search_dependency=by_name["search"],
        clock=common.clock,
        candidates=settings.semantic_candidates,
        pair_verifier=pair_verifier,
        prepare=SemanticTierOnFirstUse(settings),
        hits=common.hits,
        shadow_sampler=shadow_sampler_over(*watched, pair_verifier=pair_verifier, instead=frozen),
    )


def _miss_path(common: _Common, semantic: SemanticTier) -> MissPath:
    settings = common.settings
    entry_writer = EntryWriter(
        exact=common.parts.exact,
        exact_dependency=common.tiers["exact"],
        semantic=semantic,
        counter_writer=common.counter_writer,
        clock=common.clock,
        counted_model=common.prices.counted_name,
    )
    detached_tasks = DetachedTasks(
        finishes=settings.finish_left_streams, limit_seconds=settings.upstream_timeout_seconds
    )
    upstream_usage = UpstreamUsage(common.counter_writer, common.prices)
    return MissPath(
        UpstreamRequests(common.parts.upstream), entry_writer, upstream_usage, detached_tasks
    )
