"""Facts about what a client's key is asked on its way through the tiers, and what it is charged."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.errors import (
    Forbidden,
    LimitReached,
    NotInCache,
    NotPermitted,
    RequestRefused,
    UpstreamError,
    UpstreamUnreachable,
)
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.decision import Served
from llm_cache_proxy.ports.exact_store.keys import HeldKey
from unit.pipeline.harness import COMPLETION_NANO, PROMPT_NANO, Harness, ReceivedAnswer, read

TENANT, KEY = "acme", "00000000000000aa"
PROMPT, PARAPHRASE = "What is Rust?", "Tell me what Rust is"
REPORTED_TOKENS, REPORTED_NANO = 15, 10 * PROMPT_NANO + 5 * COMPLETION_NANO
"""What the fake upstream says that it took."""


@pytest.fixture
def harness() -> Harness:
    made = Harness()
    made.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    return made


async def with_key(harness: Harness, **changes: Any) -> None:
    record = KeyRecord(name="ci", created_at=1, **changes)
    assert await harness.exact.write_key(TENANT, KEY, record)


async def ask(harness: Harness, text: str = PROMPT, **changes: Any) -> ReceivedAnswer:
    return await harness.ask(text, **{"tenant": TENANT, "key_id": KEY, **changes})


async def begin(harness: Harness, text: str = PROMPT, **changes: Any) -> Answer:
    return await harness.begin(text, **{"tenant": TENANT, "key_id": KEY, **changes})


def held(harness: Harness) -> HeldKey:
    return harness.exact.keys[TENANT, KEY]


def charged(harness: Harness) -> tuple[int, int]:
    return held(harness).usage.tokens, held(harness).usage.nano_dollars


def reserved(harness: Harness, completion_tokens: int = 1_024) -> tuple[int, int]:
    """What is reserved for the last call, whose body the upstream was sent as it came."""
    prompt = -(-len(harness.upstream.calls[-1].body) // 4)
    nano = prompt * PROMPT_NANO + completion_tokens * COMPLETION_NANO
    return prompt + completion_tokens, nano


async def test_an_answer_is_charged_what_the_upstream_reported(harness: Harness) -> None:
    await with_key(harness)

    answer = await ask(harness)

    assert answer.x_cache == "MISS"
    assert charged(harness) == (REPORTED_TOKENS, REPORTED_NANO)


async def test_a_streamed_answer_is_charged_by_the_usage_that_only_we_requested(
    harness: Harness,
) -> None:
    await with_key(harness)

    await ask(harness, stream=True)

    assert charged(harness) == (REPORTED_TOKENS, REPORTED_NANO)


async def test_a_bypassed_answer_is_checked_and_charged_too(harness: Harness) -> None:
    await with_key(harness, limits=Limits(requests_per_minute=1))

    answer = await ask(harness, headers={"x-bypass-cache": "true"})

    assert answer.x_cache == "BYPASS"
    assert charged(harness) == (REPORTED_TOKENS, REPORTED_NANO)
    with pytest.raises(LimitReached):
        await ask(harness, headers={"x-bypass-cache": "true"})


async def test_a_hit_takes_one_command_and_is_charged_nothing(harness: Harness) -> None:
    await with_key(harness, limits=Limits(10, 10_000, 10**9))
    await ask(harness)
    before, commands = charged(harness), harness.exact.calls

    hit = await begin(harness)

    assert hit.outcome.result == "HIT-EXACT"
    assert harness.exact.calls == commands + 1
    assert charged(harness) == before
    assert hit.outcome.grant is not None
    assert hit.outcome.grant.requests is not None
    assert (hit.outcome.grant.requests.limit, hit.outcome.grant.requests.left) == (10, 8)


async def test_a_semantic_hit_gives_back_what_was_reserved(harness: Harness) -> None:
    await with_key(harness)
    await ask(harness)
    before = charged(harness)

    first, promoted = await begin(harness, PARAPHRASE), await begin(harness, PARAPHRASE)

    assert (first.outcome.result, promoted.outcome.result) == ("HIT-SEMANTIC", "HIT-EXACT")
    assert charged(harness) == before


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_an_upstreams_error_is_charged_nothing(harness: Harness, status: int) -> None:
    await with_key(harness)
    harness.upstream.queue([b'{"error": {"message": "no"}}'], status)

    await ask(harness)

    assert charged(harness) == (0, 0)


async def test_an_upstream_that_is_unavailable_is_charged_nothing(harness: Harness) -> None:
    await with_key(harness)
    harness.upstream.unreachable = True

    with pytest.raises(UpstreamUnreachable):
        await ask(harness)
    await harness.proxy.counter_writer.drain()

    assert charged(harness) == (0, 0)


async def test_an_answer_that_reports_no_usage_is_charged_as_was_reserved(harness: Harness) -> None:
    await with_key(harness)
    untold = {**completion("hi"), "usage": None}
    harness.upstream.queue([json.dumps(untold).encode()])

    await ask(harness, max_tokens=7)

    assert charged(harness) == reserved(harness, 7)


async def test_a_client_that_leaves_a_stream_is_charged_as_was_reserved(harness: Harness) -> None:
    await with_key(harness)
    headers = {"x-cache-mode": "read-only"}  # the body goes out as it came
    harness.upstream.queue(sse(chunk("a"), chunk("b"), chunk(finish="stop")), 200, SSE_HEADERS)

    answer = await begin(harness, stream=True, headers=headers, max_tokens=9)
    assert not isinstance(answer.body, bytes)
    await anext(answer.body)
    await answer.body.aclose()
    await harness.proxy.counter_writer.drain()

    assert charged(harness) == reserved(harness, 9)


async def test_a_stream_that_breaks_off_is_charged_as_was_reserved(harness: Harness) -> None:
    await with_key(harness)
    headers = {"x-cache-mode": "read-only"}
    cut = [*sse(chunk("a"), done=False), UpstreamUnreachable("gone", upstream="fake")]
    harness.upstream.queue(cut, 200, SSE_HEADERS)

    answer = await begin(harness, stream=True, headers=headers)
    await read(answer.body)
    await harness.proxy.counter_writer.drain()

    assert charged(harness) == reserved(harness)


async def test_a_client_that_leaves_before_the_upstream_is_called_is_charged_nothing(
    harness: Harness,
) -> None:
    await with_key(harness)

    async def leave(*_: object) -> None:
        raise asyncio.CancelledError

    harness.embedder.embed = leave  # type: ignore[method-assign, assignment]  # the client leaves here
    with pytest.raises(asyncio.CancelledError):
        await begin(harness)
    await harness.proxy.counter_writer.drain()

    assert charged(harness) == (0, 0)


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


async def test_a_key_brings_its_namespace_and_asks_twice_only_the_first_time(
    harness: Harness,
) -> None:
    await with_key(harness, namespace="shop")

    first = await ask(harness)
    commands = harness.exact.calls
    again = await begin(harness)

    assert (first.x_cache, again.outcome.result) == ("MISS", "HIT-EXACT")
    assert harness.exact.calls == commands + 1
    assert (await ask(harness, headers={"x-cache-namespace": "shop"})).x_cache == "HIT-EXACT"
    assert (await ask(harness, headers={"x-cache-namespace": "default"})).x_cache == "MISS"


async def test_a_changed_namespace_is_found_by_the_next_request(harness: Harness) -> None:
    await with_key(harness, namespace="shop")
    await ask(harness)
    moved = KeyRecord(name="ci", created_at=1, namespace="office")
    assert await harness.exact.write_key(TENANT, KEY, moved, instead_of=held(harness).record)

    assert (await ask(harness)).x_cache == "MISS"
    assert (await ask(harness)).x_cache == "HIT-EXACT"


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


async def test_without_a_key_an_uncached_request_needs_no_lookup(harness: Harness) -> None:
    state = await harness.pipeline.admission.free(Client(TENANT, None))

    assert (state.account.grant, state.account.charge, harness.exact.calls) == (None, None, 0)


async def test_without_a_key_no_key_is_checked(harness: Harness) -> None:
    answer = await harness.ask()

    assert answer.outcome.grant is None
    assert not any(name.startswith("usage:") for name in harness.exact.counted())


class AnswersElsewhere:
    """Stands where the semantic tier does: answers after the lookup has reserved."""

    def __init__(self, answer: ReceivedAnswer) -> None:
        self._answer = answer

    async def find(self, asked: object, state: object) -> Served:
        del asked, state
        outcome = replace(self._answer.outcome, result=Result.COALESCED)
        return Served(Answer(200, "application/json", self._answer.body, outcome))


async def test_an_answer_that_no_upstream_gave_gives_back_what_was_reserved(
    harness: Harness,
) -> None:
    await with_key(harness)
    first = await ask(harness)
    before = charged(harness)
    elsewhere: Any = AnswersElsewhere(first)
    harness.proxy = replace(harness.proxy, semantic=elsewhere)

    answer = await ask(harness, "Another question altogether")

    assert answer.x_cache == "COALESCED"
    assert charged(harness) == before


async def test_a_refreshed_answer_goes_into_the_keys_own_namespace(harness: Harness) -> None:
    await with_key(harness, namespace="shop")

    await ask(harness, headers={"x-cache-mode": "refresh"})

    assert (await ask(harness)).x_cache == "HIT-EXACT"
    assert (await ask(harness, headers={"x-cache-namespace": "default"})).x_cache == "MISS"


async def test_namespaces_of_keys_that_are_not_seen_any_more_are_forgotten(
    harness: Harness,
) -> None:
    await with_key(harness, namespace="shop")
    known = harness.proxy.keys.namespaces
    known.update({("old", str(number)): "x" for number in range(10_000)})

    await ask(harness)

    assert len(known) == 10_000
    assert known[TENANT, KEY] == "shop"


async def test_an_expired_answer_is_charged_nothing_and_reports_what_is_left() -> None:
    harness = Harness(Policy(default_ttl_seconds=100, stale_if_error_seconds=60))
    await with_key(harness, limits=Limits(10, 10_000, 10**9))
    await ask(harness)
    before = charged(harness)
    harness.exact.time += 100
    harness.upstream.unreachable = True

    answer = await ask(harness)
    await harness.proxy.drain()

    assert answer.x_cache == "STALE"
    assert charged(harness) == before
    assert answer.outcome.grant is not None
    assert answer.outcome.grant.requests is not None
    assert answer.outcome.grant.requests.limit == 10


async def test_a_key_without_the_budget_for_it_has_no_answer_renewed() -> None:
    harness = Harness(Policy(default_ttl_seconds=100, refresh_ahead=0.5))
    await with_key(harness, limits=Limits(tokens_per_day=1_100))
    await ask(harness)
    harness.exact.time += 90
    usage = replace(held(harness).usage, tokens=1_090)
    harness.exact.use(TENANT, KEY, usage)

    answer = await ask(harness)

    assert answer.x_cache == "HIT-EXACT"
    assert len(harness.upstream.calls) == 1
    assert held(harness).usage.tokens == 1_090


async def test_what_renews_an_answer_is_charged_and_counts_no_request() -> None:
    harness = Harness(Policy(default_ttl_seconds=100, refresh_ahead=0.5))
    await with_key(harness, limits=Limits(requests_per_minute=1, tokens_per_day=10_000))
    await ask(harness)
    harness.exact.time += 90

    answer = await ask(harness)

    assert answer.x_cache == "HIT-EXACT"
    assert len(harness.upstream.calls) == 2
    assert charged(harness)[0] == 2 * REPORTED_TOKENS


async def test_an_expired_answer_is_served_from_the_keys_own_namespace_alone() -> None:
    harness = Harness(Policy(default_ttl_seconds=100, stale_if_error_seconds=60))
    await with_key(harness, namespace="shop")
    await harness.ask(tenant=TENANT, headers={"x-cache-namespace": "default"})
    harness.exact.time += 120
    harness.upstream.unreachable = True
    harness.proxy.keys.namespaces.clear()  # as in a new instance

    with pytest.raises(UpstreamError):
        await ask(harness)
