"""The pipeline's policy, ports and options, as the settings say."""

from dataclasses import replace
from random import SystemRandom
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.null import NullEmbedder, NullVectorStore
from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.bootstrap.functions.priming import SemanticTierOnFirstUse
from llm_cache_proxy.bootstrap.parts import Parts, verifier
from llm_cache_proxy.bootstrap.telemetry import Telemetry
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.metrics.pricing import CountedModels, default_prices
from llm_cache_proxy.domain.promise import Promise
from llm_cache_proxy.domain.promise.trust import EMBEDDER
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.presets import semantic_rules
from llm_cache_proxy.pipeline.composition import Pipeline, compose
from llm_cache_proxy.pipeline.options import Dependencies, Options, Ports
from llm_cache_proxy.pipeline.support.background import DetachedTasks
from llm_cache_proxy.pipeline.support.cautious_guard import CautiousGuard
from llm_cache_proxy.pipeline.support.dependency import Breaker, Dependency
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.settings import Settings

if TYPE_CHECKING:
    from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
    from llm_cache_proxy.pipeline.checks.learned import LearningRules


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
    """The guard with the rules in force; raises SettingsError for an unknown rule."""
    names = (name.strip() for name in settings.guard_rules_off.split(","))
    try:
        return Guard(disabled_rules=frozenset(filter(None, names)))
    except ValueError as exc:
        raise SettingsError(f"GUARD_RULES_OFF: {exc}") from exc


def dependencies(settings: Settings) -> Dependencies:
    """A deadline and a breaker for each dependency."""
    clock = SystemClock()

    def watched(name: str, deadline_seconds: float) -> Dependency:
        return Dependency(name, deadline_seconds, clock, Breaker())

    return Dependencies(
        exact=watched("exact", settings.exact_deadline_seconds),
        embedder=watched("embed", settings.embed_deadline_seconds),
        search=watched("search", settings.search_deadline_seconds),
        verifier=watched("verifier", settings.verifier_deadline_seconds),
    )


def pipeline(
    settings: Settings,
    parts: Parts,
    watched: Dependencies,
    *,
    frozen: bool = False,
    traced: Telemetry | None = None,
) -> Pipeline:
    """The pipeline over these parts; `frozen` if nothing runs after an answer."""
    ports = Ports(
        exact=parts.exact,
        items=parts.exact,
        leases=parts.exact,
        pairs=parts.exact,
        vectors=parts.vectors,
        embedder=parts.embedder,
        upstream=parts.upstream,
        clock=SystemClock(),
        verifier=verifier(settings, parts.upstream),
        counters=parts.exact,
    )
    options = _options(settings, watched, parts.embedder.embedder_id, frozen=frozen)
    if traced is not None:
        ports, options = traced.ports(ports), replace(options, guard=traced.guard(options.guard))
    return compose(ports, policy(settings, parts), options)


def _options(
    settings: Settings, watched: Dependencies, embedder_id: str, *, frozen: bool
) -> Options:
    prices = default_prices(settings.prices_path)
    return Options(
        prices=prices,
        models=CountedModels(prices),
        guard=CautiousGuard(guard_of(settings)),
        dependencies=watched,
        hits=HitAnswers(prices, settings.replay_words_per_second, settings.fresh_ids),
        terms=LeaseTerms(
            lease_seconds=settings.lease_seconds,
            wait_seconds=settings.single_flight_wait_seconds,
            command_seconds=settings.exact_deadline_seconds,
            retry_seconds=0 if frozen else settings.lease_seconds,
        ),
        detached_tasks=DetachedTasks(
            finishes=settings.finish_left_streams, limit_seconds=settings.upstream_timeout_seconds
        ),
        candidates=settings.semantic_candidates,
        unchecked_per_minute=settings.unchecked_requests_per_minute,
        most_kept_bytes=settings.max_answer_bytes,
        chance=SystemRandom().random,  # a seed in a snapshot would be every instance's
        shadow=_shadow_rules(settings),
        learning=_learning_rules(settings, embedder_id),
        inline=frozen,
        stores_behind=not frozen,
        counter_seconds=settings.exact_deadline_seconds,
        prepare=SemanticTierOnFirstUse(settings),
    )


def _shadow_rules(settings: Settings) -> "ShadowRules | None":
    if settings.shadow_rate <= 0:
        return None
    from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules

    return ShadowRules(settings.shadow_rate, settings.shadow_limit, settings.shadow_agreement)


def _learning_rules(settings: Settings, embedder_id: str) -> "LearningRules | None":
    if settings.max_wrong_share is None:
        return None
    from llm_cache_proxy.pipeline.checks.learned import LearningRules

    promise = Promise(settings.max_wrong_share, trusts=embedder_id.startswith(EMBEDDER))
    return LearningRules(promise, settings.explore_rate)
