"""Who checks semantic hits besides the guard, as the settings say: a verifier, and samples."""

from random import SystemRandom

from llm_cache_proxy.bootstrap.parts import Parts, verifier
from llm_cache_proxy.domain.evaluation.shadow_rules import ShadowRules
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.domain.requests.presets import semantic_rules
from llm_cache_proxy.pipeline.checks.agreement import Agreement
from llm_cache_proxy.pipeline.checks.shadow_sampling import ShadowSampler
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.settings import Settings


def verifier_over(
    settings: Settings,
    parts: Parts,
    by_name: dict[str, Dependency],
    counter_writer: CounterWriter,
    background: Background,
) -> PairVerifier | None:
    """The verifier that judges pairs, where the settings name one."""
    judge = verifier(settings, parts.upstream)
    if judge is None:
        return None
    prices = default_prices(settings.prices_path)
    return PairVerifier(
        verifier=judge,
        memory=parts.exact,
        dependency=by_name["verifier"],
        exact_dependency=by_name["exact"],
        counter_writer=counter_writer,
        background=background,
        counted_model=prices.counted_name,
        cost=prices.cost,
    )


def shadow_sampler_over(
    settings: Settings,
    parts: Parts,
    by_name: dict[str, Dependency],
    counter_writer: CounterWriter,
    background: Background,
    *,
    pair_verifier: PairVerifier | None,
    instead: bool,
) -> ShadowSampler | None:
    """Who samples semantic hits, where the settings ask for it."""
    if settings.shadow_rate <= 0:
        return None
    rules = ShadowRules(settings.shadow_rate, settings.shadow_limit, settings.shadow_agreement)
    return ShadowSampler(
        rules=rules,
        threshold=semantic_rules(settings.semantic_preset, settings.similarity_threshold).threshold,
        upstream=parts.upstream,
        agreement=Agreement(rules, parts.embedder, by_name["embed"], pair_verifier),
        memory=parts.exact,
        exact_dependency=by_name["exact"],
        counter_writer=counter_writer,
        background=background,
        counted_model=default_prices(settings.prices_path).counted_name,
        chance=SystemRandom().random,  # a seed in a snapshot would be every instance's
        instead=instead,
    )
