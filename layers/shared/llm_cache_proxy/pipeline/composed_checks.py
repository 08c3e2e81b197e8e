"""Composes the checks on semantic hits: verifier, samples, learned thresholds.

What compares answers is imported where the options ask for it: most need none,
and a cold start pays for what it imports.
"""

from typing import TYPE_CHECKING

from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.options import Options, Ports
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.embedding_calls import EmbeddingCalls

if TYPE_CHECKING:
    from llm_cache_proxy.pipeline.checks.learning import Learning
    from llm_cache_proxy.pipeline.checks.shadow_sampling import ShadowSampler


@record()
class Checks:
    """Each is None if the options do not ask for it."""

    pair_verifier: PairVerifier | None
    shadow_sampler: "ShadowSampler | None"
    learning: "Learning | None"


def compose_checks(
    ports: Ports,
    policy: Policy,
    options: Options,
    counter_writer: CounterWriter,
    background: Background,
) -> Checks:
    """The checks over these ports. Opens nothing."""
    verifier = _pair_verifier(ports, options, counter_writer, background)
    judge = verifier if options.verifies_samples else None
    return Checks(
        verifier,
        _shadow_sampler(ports, policy, options, counter_writer, background, judge),
        _learning(ports, policy, options, counter_writer, background, judge),
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
        counted_model=options.models.name,
        cost=options.prices.cost,
        asks=options.asks_verifier,
    )


def _embedding_calls(ports: Ports, options: Options) -> EmbeddingCalls:
    return EmbeddingCalls(ports.embedder, options.dependencies.embedder, options.prices)


def _shadow_sampler(
    ports: Ports,
    policy: Policy,
    options: Options,
    counter_writer: CounterWriter,
    background: Background,
    judge: PairVerifier | None,
) -> "ShadowSampler | None":
    if options.shadow is None:
        return None
    from llm_cache_proxy.pipeline.checks.agreement import Agreement
    from llm_cache_proxy.pipeline.checks.fresh_answers import FreshAnswers
    from llm_cache_proxy.pipeline.checks.shadow_sampling import ShadowSampler

    return ShadowSampler(
        rules=options.shadow,
        threshold=policy.threshold,
        fresh_answers=FreshAnswers(ports.upstream, options.models.name, options.prices.cost),
        agreement=Agreement(options.shadow, _embedding_calls(ports, options), judge),
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
    judge: PairVerifier | None,
) -> "Learning | None":
    if options.learning is None or ports.counters is None:
        return None
    from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
    from llm_cache_proxy.pipeline.checks.agreement import Agreement
    from llm_cache_proxy.pipeline.checks.fresh_answers import FreshAnswers
    from llm_cache_proxy.pipeline.checks.learning import Learning

    parts = options.dependencies
    return Learning(
        rules=options.learning,
        configured=policy.threshold,
        counters=ports.counters,
        vectors=ports.vectors,
        agreement=Agreement(ShadowRules(), _embedding_calls(ports, options), judge),
        fresh_answers=FreshAnswers(ports.upstream, options.models.name, options.prices.cost),
        exact_dependency=parts.exact,
        search_dependency=parts.search,
        counter_writer=counter_writer,
        background=background,
        clock=ports.clock,
        chance=options.chance,
        inline=options.inline,
    )
