"""What is reserved before the upstream is called, and which keys are refused."""

from typing import Any

import pytest

from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.errors import (
    Forbidden,
    LimitReached,
    NotInCache,
    NotPermitted,
    RequestRefused,
)
from unit.pipeline.harness import Harness
from unit.pipeline.keyed import (
    KEY,
    PARAPHRASE,
    REPORTED_NANO,
    REPORTED_TOKENS,
    TENANT,
    ask,
    charged,
    held,
    with_key,
)


async def test_a_cached_answer_only_reserves_nothing(harness: Harness) -> None:
    await with_key(harness, limits=Limits(tokens_per_day=0))

    with pytest.raises(NotInCache):
        await ask(harness, headers={"cache-control": "only-if-cached"})

    assert charged(harness) == (0, 0)


async def test_a_text_that_only_normalises_to_another_reserves_before_the_upstream_is_called(
    harness: Harness,
) -> None:
    await with_key(harness)
    await ask(harness, "How do I polish my nails?")

    other = await ask(harness, "How do I Polish my nails?")

    assert other.x_cache == "MISS"
    assert charged(harness) == (2 * REPORTED_TOKENS, 2 * REPORTED_NANO)


async def test_a_promotion_that_is_no_longer_believed_reserves_before_the_upstream(
    harness: Harness,
) -> None:
    await with_key(harness)
    await ask(harness)
    await ask(harness, PARAPHRASE)

    strict = await ask(harness, PARAPHRASE, headers={"x-cache-threshold": "0.99"})

    assert strict.x_cache == "MISS"
    assert charged(harness) == (2 * REPORTED_TOKENS, 2 * REPORTED_NANO)


@pytest.mark.parametrize(
    ("limits", "model", "error", "code"),
    [
        (Limits(tokens_per_day=100), "m", LimitReached, "insufficient_quota"),
        (Limits(nano_dollars_per_month=10), "m", LimitReached, "insufficient_quota"),
        (Limits(nano_dollars_per_month=10**12), "unpriced", Forbidden, "price_unknown"),
    ],
)
async def test_an_answer_that_the_budget_has_no_room_for_is_not_requested(
    harness: Harness, limits: Limits, model: str, error: type[RequestRefused], code: str
) -> None:
    await with_key(harness, limits=limits)

    with pytest.raises(error) as refused:
        await ask(harness, model=model)

    assert refused.value.code == code
    assert harness.upstream.calls == []
    assert charged(harness) == (0, 0)


async def test_stored_answers_are_served_though_the_budget_is_used_up(harness: Harness) -> None:
    await with_key(harness)
    await ask(harness)
    record = held(harness).record
    poor = KeyRecord(name="ci", created_at=1, limits=Limits(tokens_per_day=1))
    assert await harness.exact.write_key(TENANT, KEY, poor, instead_of=record)

    answers = [await ask(harness), await ask(harness, PARAPHRASE)]

    assert [answer.x_cache for answer in answers] == ["HIT-EXACT", "HIT-SEMANTIC"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"revoked_at": 5}, 401, "revoked_api_key"),
        ({"expires_at": 5}, 401, "expired_api_key"),
        ({"models": ("other",)}, 403, "model_not_allowed"),
        ({"limits": Limits(requests_per_minute=0)}, 429, "rate_limit_exceeded"),
    ],
)
async def test_a_key_that_is_not_served_learns_why(
    harness: Harness, changes: dict[str, Any], status: int, code: str
) -> None:
    await with_key(harness, **changes)

    with pytest.raises(RequestRefused) as refused:
        await ask(harness)

    assert (refused.value.status, refused.value.code) == (status, code)
    assert harness.upstream.calls == []


async def test_an_unknown_key_is_answered_as_a_wrong_one(harness: Harness) -> None:
    with pytest.raises(NotPermitted) as refused:
        await ask(harness)

    assert refused.value.code == "invalid_api_key"


async def test_a_refused_key_learns_its_limits_and_when_to_come_back(harness: Harness) -> None:
    await with_key(harness, limits=Limits(requests_per_minute=1, tokens_per_day=5_000))
    await ask(harness)

    with pytest.raises(LimitReached) as refused:
        await ask(harness)

    headers = refused.value.headers
    assert 0 < int(headers["retry-after"]) <= 60
    assert headers["x-ratelimit-limit-requests"] == "1"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert headers["x-ratelimit-limit-tokens"] == "5000"
    await harness.proxy.counter_writer.drain()
    assert harness.exact.count_of("error:key_requests", TENANT) == 1


async def test_without_a_key_an_uncached_request_needs_no_lookup(harness: Harness) -> None:
    state = await harness.pipeline.admission.free(Client(TENANT, None))

    assert (state.account.grant, state.account.charge, harness.exact.calls) == (None, None, 0)


async def test_without_a_key_no_key_is_checked(harness: Harness) -> None:
    answer = await harness.ask()

    assert answer.outcome.grant is None
    assert not any(name.startswith("usage:") for name in harness.exact.counted())
