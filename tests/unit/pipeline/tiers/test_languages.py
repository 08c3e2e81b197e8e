"""Other languages in the semantic tier: equal words by the guard, other words by a verifier."""

import pytest

from llm_cache_proxy.domain.requests.policy import Policy
from samples.embedding.languages import PAIRS, LanguagePair
from unit.pipeline.harness import Harness

NEAR = [pair for pair in PAIRS if pair.similarity >= 0.9]
POLITE = [pair for pair in NEAR if pair.kind == "polite"]
NEGATED = [pair for pair in NEAR if pair.kind == "negation"]
CHINESE = next(pair for pair in PAIRS if (pair.language, pair.kind) == ("zh", "reworded"))


def language(pair: LanguagePair) -> str:
    return pair.language


async def x_cache_of(pair: LanguagePair, harness: Harness) -> str:
    harness.embedder.set_similarity(pair.a, pair.b, pair.similarity)
    await harness.ask(pair.a)
    return (await harness.ask(pair.b, headers={"x-cache-mode": "read-only"})).x_cache


@pytest.mark.parametrize("pair", POLITE, ids=language)
async def test_a_courtesy_more_is_a_hit_in_every_language_with_a_list(pair: LanguagePair) -> None:
    assert await x_cache_of(pair, Harness()) == "HIT-SEMANTIC"


@pytest.mark.parametrize("pair", NEGATED, ids=language)
async def test_a_negation_is_a_miss_in_every_language(pair: LanguagePair) -> None:
    assert await x_cache_of(pair, Harness()) == "MISS"


async def test_other_words_of_a_language_that_the_guard_does_not_know_need_a_verifier() -> None:
    verified = Harness(policy=Policy(verified=True, threshold=0.86))
    verified.verifier.same(CHINESE.a, CHINESE.b)

    assert await x_cache_of(CHINESE, Harness()) == "MISS"
    assert await x_cache_of(CHINESE, verified) == "MISS"  # judged beside the upstream's call
    assert await x_cache_of(CHINESE, verified) == "HIT-SEMANTIC"
