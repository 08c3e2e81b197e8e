"""What an embedder's calls cost and how long they took."""

import pytest

from unit.pipeline.harness import Harness

PROMPT = "What is Rust?"


@pytest.fixture
def harness() -> Harness:
    harness = Harness()
    harness.embedder.priced_as = "small"
    return harness


def timed_calls(harness: Harness) -> int:
    prefix = "latency:embedding:b"
    return sum(n for name, n in harness.exact.counted().items() if name.startswith(prefix))


async def test_a_call_that_is_paid_for_is_counted_with_its_tokens_price_and_latency(
    harness: Harness,
) -> None:
    harness.embedder.priced_as = "m"

    await harness.ask(PROMPT)

    assert harness.exact.count_of("embedding:calls") == 1
    assert harness.exact.count_of("embedding:tokens") == len(PROMPT)
    assert harness.exact.count_of("embedding:nano_dollars") == len(PROMPT)
    assert harness.exact.count_of("embedding:unpriced_tokens") == 0
    assert timed_calls(harness) == 1


async def test_tokens_of_a_model_without_a_price_are_counted_as_such(harness: Harness) -> None:
    harness.embedder.priced_as = "unheard-of"

    await harness.ask(PROMPT)

    assert harness.exact.count_of("embedding:unpriced_tokens") == len(PROMPT)
    assert harness.exact.count_of("embedding:nano_dollars") == 0


async def test_a_prompt_is_paid_for_once_a_request(harness: Harness) -> None:
    await harness.ask(PROMPT)
    await harness.ask(PROMPT)

    assert harness.exact.count_of("embedding:calls") == 1


async def test_a_prompt_that_is_too_long_is_paid_for_once(harness: Harness) -> None:
    harness.embedder.longest = 5

    answer = await harness.ask(PROMPT)

    assert answer.outcome.reason == "too-long"
    assert harness.exact.count_of("embedding:calls") == 1


async def test_a_call_that_fails_is_counted_as_a_failure_alone(harness: Harness) -> None:
    harness.embedder.away = True

    await harness.ask(PROMPT)

    assert harness.exact.count_of("embedding:calls") == 0
    assert harness.exact.count_of("error:embed") > 0


async def test_a_model_of_the_proxys_own_is_not_paid_for(harness: Harness) -> None:
    harness.embedder.priced_as = ""

    await harness.ask(PROMPT)

    assert harness.exact.count_of("embedding:calls") == 0
    assert timed_calls(harness) == 0
