"""Facts about thresholds that wrong samples have raised."""

import logging

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.requests.shadow_rules import LEAST_SAMPLES
from llm_cache_proxy.ports.exact_store.pairs import Standing
from unit.pipeline.harness import Harness
from unit.pipeline.sampling_harness import (
    PARAPHRASE,
    PROMPT,
    hit,
    sampling,
    says,
    standing,
)


@pytest.fixture
def harness() -> Harness:
    return sampling()


async def test_too_many_wrong_samples_raise_the_threshold_for_good(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.ask(PROMPT)
    with caplog.at_level(logging.WARNING):
        for _ in range(LEAST_SAMPLES):
            says(harness, "an oxide")
            assert (await hit(harness)).x_cache == "HIT-SEMANTIC"
    harness.embedder.set_similarity(PROMPT, "What, pray, is Rust?", 0.915)

    near = await harness.ask("What, pray, is Rust?")
    nearer = await hit(harness)

    assert await standing(harness) == Standing(raised_threshold=0.92, samples=1, wrong=1)
    assert (near.x_cache, near.outcome.reason) == ("MISS", "threshold-raised")
    assert nearer.x_cache == "HIT-SEMANTIC"
    assert harness.exact.count_of("shadow:threshold_raised") == 1
    assert "semantic threshold raised to 0.92 for tenant 'default'" in caplog.text


async def test_a_raised_threshold_holds_for_promotions_and_other_instances(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)
    assert (await harness.ask(PARAPHRASE)).x_cache == "HIT-SEMANTIC"
    await harness.exact.set_threshold("default", 0.96, before=0.0)

    answer = await harness.ask(PARAPHRASE)

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "threshold-raised")


async def test_one_tenants_samples_raise_nothing_for_another(harness: Harness) -> None:
    await harness.exact.set_threshold("other", 0.99, before=0.0)
    await harness.ask(PROMPT)

    assert (await harness.ask(PARAPHRASE)).x_cache == "HIT-SEMANTIC"


class RaisedElsewhere(MemoryExact):
    """In which another instance is always first to raise the threshold."""

    async def set_threshold(self, tenant: str, threshold: float, *, before: float) -> bool:
        await super().set_threshold(tenant, threshold, before=before)
        return await super().set_threshold(tenant, threshold, before=before)


async def test_of_two_instances_that_would_raise_one_does() -> None:
    harness = sampling(exact=RaisedElsewhere())
    await harness.ask(PROMPT)
    for _ in range(LEAST_SAMPLES):
        await harness.exact.sampled("default", wrong=True)
    says(harness, "an oxide")

    await hit(harness)

    assert harness.exact.count_of("shadow:threshold_raised") == 0
