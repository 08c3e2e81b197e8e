"""A client's key while nobody can look it up: served at a modest rate."""

import pytest

from llm_cache_proxy.domain.client_keys.limits import Limits
from llm_cache_proxy.domain.errors import LimitReached
from unit.pipeline.harness import Harness
from unit.pipeline.keyed import (
    PARAPHRASE,
    REPORTED_NANO,
    REPORTED_TOKENS,
    TENANT,
    ask,
    begin,
    charged,
    with_key,
)


async def test_while_the_store_is_unavailable_a_signed_key_is_served_at_a_modest_rate(
    harness: Harness,
) -> None:
    await with_key(harness)
    harness.exact.away = True

    answers = [await begin(harness), await begin(harness)]
    with pytest.raises(LimitReached) as refused:
        await begin(harness)

    assert [answer.outcome.reason for answer in answers] == ["exact-unavailable"] * 2
    assert 0 < int(refused.value.headers["retry-after"]) <= 60
    harness.exact.away = False
    await harness.proxy.counter_writer.drain()
    assert harness.exact.count_of("error:key_unchecked", TENANT) == 2
    assert charged(harness) == (2 * REPORTED_TOKENS, 2 * REPORTED_NANO)


async def test_another_tenant_is_served_while_one_has_reached_the_modest_rate(
    harness: Harness,
) -> None:
    harness.exact.away = True
    for _ in range(2):
        await begin(harness)

    assert (await begin(harness, tenant="other")).status == 200


async def test_a_store_that_cannot_count_is_treated_as_unavailable(harness: Harness) -> None:
    await with_key(harness, limits=Limits(requests_per_minute=100))
    harness.exact.fill_up()

    for _ in range(2):
        await begin(harness)
    with pytest.raises(LimitReached):
        await begin(harness)


async def test_a_request_that_looks_twice_takes_one_place_of_the_modest_rate(
    harness: Harness,
) -> None:
    await with_key(harness)
    await ask(harness)
    await ask(harness, PARAPHRASE)
    harness.exact.fill_up()

    answers = [await ask(harness, PARAPHRASE), await ask(harness, PARAPHRASE)]

    assert [answer.outcome.reason for answer in answers] == ["promoted"] * 2
    with pytest.raises(LimitReached):
        await ask(harness, PARAPHRASE)
