"""Facts about batches behind a client's key: limits by request, budgets by what was asked for."""

import asyncio
from typing import Any

import pytest

from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.errors import RequestRefused
from unit.pipeline.embeddings_harness import EmbeddingsHarness
from unit.pipeline.harness import PROMPT_NANO, ReceivedAnswer

TENANT, KEY = "acme", "00000000000000aa"


async def harness_with(**changes: Any) -> EmbeddingsHarness:
    harness = EmbeddingsHarness()
    assert await harness.exact.write_key(TENANT, KEY, KeyRecord(name="k", created_at=1, **changes))
    return harness


async def embed(harness: EmbeddingsHarness, given: object, **changes: Any) -> ReceivedAnswer:
    return await harness.embed(given, **{"tenant": TENANT, "key_id": KEY, **changes})


def charged(harness: EmbeddingsHarness) -> tuple[int, int, int]:
    usage = harness.exact.keys[TENANT, KEY].usage
    return usage.requests, usage.tokens, usage.nano_dollars


async def test_a_batch_is_one_request_and_costs_what_was_asked_for() -> None:
    harness = await harness_with()

    await embed(harness, ["a", "b"])
    partly = await embed(harness, ["a", "b", "c d"])
    await embed(harness, ["a", "b", "c d"])

    assert charged(harness) == (3, 4, 4 * PROMPT_NANO)
    assert partly.outcome.grant is not None


async def test_an_answer_without_tokens_costs_what_was_reserved() -> None:
    harness = await harness_with()
    harness.embedding.queue([b'{"data":[{"embedding":[0.5]}]}'])

    await embed(harness, "a")

    assert charged(harness)[1] == len('{"model": "m", "input": "a"}') // 4


@pytest.mark.parametrize("status", [400, 503])
async def test_an_error_costs_nothing(status: int) -> None:
    harness = await harness_with()
    harness.embedding.queue([b"{}"], status)

    await embed(harness, "a")

    assert charged(harness) == (1, 0, 0)


async def test_what_is_stored_is_served_without_a_budget_and_the_rest_refused() -> None:
    harness = await harness_with()
    await embed(harness, "a")
    held = harness.exact.keys[TENANT, KEY]
    limited = KeyRecord(name="k", created_at=1, limits=Limits(None, 1, None))
    await harness.exact.write_key(TENANT, KEY, limited, instead_of=held.record)

    assert (await embed(harness, "a")).x_cache == "HIT-EXACT"
    with pytest.raises(RequestRefused):
        await embed(harness, ["a", "b"])
    with pytest.raises(RequestRefused):
        await embed(harness, "a", headers={"x-bypass-cache": "true"})
    assert len(harness.embedding.calls) == 1


async def test_a_bypass_costs_what_it_took() -> None:
    harness = await harness_with()

    answer = await embed(harness, "a b", headers={"x-bypass-cache": "true"})

    assert answer.x_cache == "BYPASS"
    assert charged(harness) == (1, 2, 2 * PROMPT_NANO)


async def test_a_key_has_its_own_namespace() -> None:
    harness = await harness_with(namespace="team")
    await harness.embed("a", tenant=TENANT)

    first = await embed(harness, "a")
    again = await embed(harness, "a")
    named = await embed(harness, "a", headers={"x-cache-namespace": "default"})

    assert [first.x_cache, again.x_cache, named.x_cache] == ["MISS", "HIT-EXACT", "HIT-EXACT"]


async def test_an_unknown_key_is_refused() -> None:
    harness = EmbeddingsHarness()

    with pytest.raises(RequestRefused):
        await embed(harness, "a")


async def test_while_the_store_is_away_a_signature_is_served_a_few_times() -> None:
    harness = await harness_with()
    harness.exact.away = True

    for text in ("a", "b"):
        await embed(harness, text)
    with pytest.raises(RequestRefused):
        await embed(harness, "c")


async def test_who_waited_for_anothers_answer_is_charged_nothing() -> None:
    harness = await harness_with()
    gate = harness.embedding.gate
    gate.clear()
    asking = {"tenant": TENANT, "key_id": KEY}

    one = asyncio.create_task(harness.begin_embedding("a", **asking))
    two = asyncio.create_task(harness.begin_embedding("a", **asking))
    for _ in range(50):
        await asyncio.sleep(0)
    gate.set()
    answers = await asyncio.gather(one, two)
    await harness.proxy.drain()

    assert [answer.outcome.result for answer in answers] == ["MISS", "COALESCED"]
    assert charged(harness) == (2, 1, PROMPT_NANO)
