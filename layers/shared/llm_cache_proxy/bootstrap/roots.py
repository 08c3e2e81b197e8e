"""What each function and the local server start from."""

from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.absent import AbsentEmbedder, AbsentVectors
from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.api.app import Service
from llm_cache_proxy.bootstrap.checking import shadowing_over, verifier_over
from llm_cache_proxy.bootstrap.parts import Parts, cloud_parts
from llm_cache_proxy.bootstrap.priming import SemanticTierOnFirstUse
from llm_cache_proxy.domain.breaker import Breaker
from llm_cache_proxy.domain.client_keys import KeyRing
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.local_rate import LocalRate
from llm_cache_proxy.domain.policy import Policy
from llm_cache_proxy.domain.presets import semantic_rules
from llm_cache_proxy.domain.pricing import default_prices
from llm_cache_proxy.pipeline.accounting import Accounting
from llm_cache_proxy.pipeline.administration.actions import Administration
from llm_cache_proxy.pipeline.administration.explaining import Explaining
from llm_cache_proxy.pipeline.administration.feedback import Feedback
from llm_cache_proxy.pipeline.administration.importing import Importing
from llm_cache_proxy.pipeline.asking import Asking
from llm_cache_proxy.pipeline.background import Background
from llm_cache_proxy.pipeline.departures import Departures
from llm_cache_proxy.pipeline.exact_tier import ExactTier
from llm_cache_proxy.pipeline.hit import HitServing
from llm_cache_proxy.pipeline.journal import Journal, RecentDecisions
from llm_cache_proxy.pipeline.key_gate import KeyGate
from llm_cache_proxy.pipeline.leading import LeaseTerms
from llm_cache_proxy.pipeline.ledger import Ledger
from llm_cache_proxy.pipeline.miss import MissPath
from llm_cache_proxy.pipeline.proxy import CachingProxy
from llm_cache_proxy.pipeline.renewing import Renewing
from llm_cache_proxy.pipeline.semantic_tier import SemanticTier
from llm_cache_proxy.pipeline.single_flight import SingleFlight
from llm_cache_proxy.pipeline.storing import Storing
from llm_cache_proxy.pipeline.tier import Tier
from llm_cache_proxy.settings import Settings

if TYPE_CHECKING:
    from llm_cache_proxy.ports.request_sink import RequestSink


def policy(settings: Settings, parts: Parts) -> Policy:
    """The operator's rules; nothing is compared by meaning without the parts for it."""
    whole = not isinstance(parts.vectors, AbsentVectors) and not isinstance(
        parts.embedder, AbsentEmbedder
    )
    rules = semantic_rules(settings.semantic_preset, settings.similarity_threshold)
    return Policy(
        semantic=settings.semantic_cache and rules.semantic and whole,
        threshold=rules.threshold,
        verified=rules.verified,
        candidates=settings.semantic_candidates,
        max_temperature=settings.semantic_max_temperature,
        semantic_with_tools=settings.semantic_with_tools,
        default_ttl_seconds=settings.default_ttl_seconds,
        creative_ttl_seconds=settings.creative_ttl_seconds,
        max_ttl_seconds=settings.max_ttl_seconds,
        normalise=settings.normalise_prompts,
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


def tiers(settings: Settings) -> dict[str, Tier]:
    """One deadline and breaker a tier."""
    deadlines = {
        "exact": settings.exact_deadline_seconds,
        "embed": settings.embed_deadline_seconds,
        "search": settings.search_deadline_seconds,
        "verifier": settings.verifier_deadline_seconds,
    }
    clock = SystemClock()
    return {name: Tier(name, seconds, clock, Breaker()) for name, seconds in deadlines.items()}


def proxy(
    settings: Settings, parts: Parts, by_name: dict[str, Tier], *, frozen: bool = False
) -> CachingProxy:
    """The pipeline over these parts; `frozen` where nothing runs after an answer."""
    clock, guard, prices = SystemClock(), guard_of(settings), default_prices(settings.prices_path)
    ledger = Ledger(parts.exact, settings.exact_deadline_seconds)
    rules = policy(settings, parts)
    hits = HitServing(prices, settings.replay_words_per_second, settings.fresh_ids)
    background = Background()
    verifying = verifier_over(settings, parts, by_name, ledger, background)
    shadowing = shadowing_over(
        settings, parts, by_name, ledger, background, verifying=verifying, instead=frozen
    )
    semantic = SemanticTier(
        exact=parts.exact,
        vectors=parts.vectors,
        embedder=parts.embedder,
        guard=guard,
        exact_tier=by_name["exact"],
        embed_tier=by_name["embed"],
        search_tier=by_name["search"],
        clock=clock,
        candidates=rules.candidates,
        verifying=verifying,
        prepare=SemanticTierOnFirstUse(settings),
        hits=hits,
        shadowing=shadowing,
    )
    exact = ExactTier(
        store=parts.exact,
        tier=by_name["exact"],
        guard=guard,
        ledger=ledger,
        embedder_id=parts.embedder.embedder_id,
        hits=hits,
        keys=KeyGate(
            ledger=ledger,
            clock=clock,
            prices=prices,
            unchecked=LocalRate(settings.unchecked_requests_per_minute),
            namespaces={},
        ),
        lease_seconds=settings.lease_seconds,
    )
    terms = LeaseTerms(
        lease_seconds=settings.lease_seconds,
        wait_seconds=settings.single_flight_wait_seconds,
        command_seconds=settings.exact_deadline_seconds,
    )
    flights = SingleFlight(parts.exact, exact, terms, background)
    storing = Storing(
        exact=parts.exact,
        exact_tier=by_name["exact"],
        semantic=semantic,
        ledger=ledger,
        clock=clock,
        counted_model=prices.counted_name,
    )
    accounting = Accounting(ledger, prices)
    departures = Departures(
        finishes=settings.finish_left_streams, limit_seconds=settings.upstream_timeout_seconds
    )
    miss = MissPath(Asking(parts.upstream), storing, accounting, departures)
    renewing = Renewing(flights, background, inline=frozen)
    return CachingProxy(
        rules, parts.upstream, exact, semantic, miss, ledger, background, flights, renewing
    )


def journal(settings: Settings, ledger: Ledger) -> Journal:
    """Who is told of each request: the dashboard always, a file and CloudWatch where named."""
    sinks: list[RequestSink] = [RecentDecisions(ledger, with_prompts=settings.recent_prompts)]
    if settings.log_path is not None:
        from llm_cache_proxy.adapters.request_log import RequestLog

        sinks.append(RequestLog(settings.log_path))
    if settings.metrics_namespace is not None:
        from llm_cache_proxy.adapters.cloudwatch_requests import CloudWatchRequests

        sinks.append(CloudWatchRequests(settings.metrics_namespace))
    return Journal(default_prices(settings.prices_path), sinks)


def service(
    settings: Settings,
    parts: Parts,
    by_name: dict[str, Tier] | None = None,
    *,
    frozen: bool = False,
) -> Service:
    """What the completions app serves with; `frozen` where nothing runs after an answer."""
    by_name = tiers(settings) if by_name is None else by_name
    composed = proxy(settings, parts, by_name, frozen=frozen)
    told = journal(settings, composed.ledger)

    def health() -> dict[str, object]:
        state = {name: "away" if tier.breaker.is_open else "ok" for name, tier in by_name.items()}
        return {"tiers": state}

    async def close() -> None:
        await composed.miss.departures.aclose()
        await composed.drain()
        told.close()
        await parts.aclose()

    return Service(
        proxy=composed,
        embedder=parts.embedder,
        feedback=Feedback(parts.exact, parts.vectors),
        max_body_bytes=settings.max_body_bytes,
        health=health,
        close=close,
        journal=told,
        key_ring=key_ring(settings) if settings.access_mode == "keyed" else None,
        keyed_paths=frozenset(settings.keyed_path_list()),
    )


def key_ring(settings: Settings) -> KeyRing | None:
    """What signs client keys, where a secret is set."""
    secret, before = settings.key_signing_secret, settings.key_signing_secret_previous
    if secret is None:
        return None
    return KeyRing(
        secret.get_secret_value().encode(),
        None if before is None else before.get_secret_value().encode(),
    )


def signing_ring(settings: Settings) -> KeyRing | None:
    """What makes client keys, where a secret is set: new keys need no earlier one."""
    secret = settings.key_signing_secret
    return None if secret is None else KeyRing(secret.get_secret_value().encode())


def completions(settings: Settings) -> Service:
    """The completions function's root."""
    return service(settings, cloud_parts(settings), frozen=True)


def administration(settings: Settings) -> Administration:
    """The root of the functions for operators."""
    return administration_over(settings, cloud_parts(settings))


def administration_over(
    settings: Settings, parts: Parts, serving: dict[str, Tier] | None = None
) -> Administration:
    """Every action of an operator over these parts; `serving` are the tiers of this process."""
    composed = proxy(settings, parts, serving or tiers(settings))

    def breakers() -> dict[str, str]:
        tiers_of_ours = (serving or {}).items()
        return {name: "open" if t.breaker.is_open else "closed" for name, t in tiers_of_ours}

    return Administration(
        exact=parts.exact,
        vectors=parts.vectors,
        clock=SystemClock(),
        prices=default_prices(settings.prices_path),
        describe_settings=settings.described,
        explaining=Explaining(composed),
        importing=Importing(composed, SystemClock()),
        key_ring=signing_ring(settings),
        breakers=breakers,
        close=parts.aclose,
    )
