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
from llm_cache_proxy.pipeline.admission import Admission
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.ports.key_store import HeldKey
from unit.pipeline.bench import COMPLETION_NANO, PROMPT_NANO, Bench, Told, read

TENANT, KEY = "acme", "00000000000000aa"
ASKED, ALIKE = "What is Rust?", "Tell me what Rust is"
TOLD_TOKENS, TOLD_NANO = 15, 10 * PROMPT_NANO + 5 * COMPLETION_NANO
"""What the fake upstream says that it took."""


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.embedder.alike(ASKED, ALIKE, 0.94)
    return made


async def with_key(bench: Bench, **changes: Any) -> None:
    record = KeyRecord(name="ci", created_at=1, **changes)
    assert await bench.exact.write_key(TENANT, KEY, record)


async def ask(bench: Bench, text: str = ASKED, **changes: Any) -> Told:
    return await bench.ask(text, **{"tenant": TENANT, "key_id": KEY, **changes})


async def begin(bench: Bench, text: str = ASKED, **changes: Any) -> Answer:
    return await bench.begin(text, **{"tenant": TENANT, "key_id": KEY, **changes})


def held(bench: Bench) -> HeldKey:
    return bench.exact.keys[TENANT, KEY]


def charged(bench: Bench) -> tuple[int, int]:
    return held(bench).usage.tokens, held(bench).usage.nano_dollars


def reserved(bench: Bench, completion_tokens: int = 1_024) -> tuple[int, int]:
    """What is reserved for the last call, whose body the upstream was sent as it came."""
    prompt = -(-len(bench.upstream.calls[-1].body) // 4)
    nano = prompt * PROMPT_NANO + completion_tokens * COMPLETION_NANO
    return prompt + completion_tokens, nano


async def test_an_answer_is_charged_what_the_upstream_told(bench: Bench) -> None:
    await with_key(bench)

    told = await ask(bench)

    assert told.x_cache == "MISS"
    assert charged(bench) == (TOLD_TOKENS, TOLD_NANO)


async def test_a_streamed_answer_is_charged_by_the_usage_that_only_we_asked_for(
    bench: Bench,
) -> None:
    await with_key(bench)

    await ask(bench, stream=True)

    assert charged(bench) == (TOLD_TOKENS, TOLD_NANO)


async def test_a_bypassed_answer_is_checked_and_charged_too(bench: Bench) -> None:
    await with_key(bench, limits=Limits(requests_per_minute=1))

    told = await ask(bench, headers={"x-bypass-cache": "true"})

    assert told.x_cache == "BYPASS"
    assert charged(bench) == (TOLD_TOKENS, TOLD_NANO)
    with pytest.raises(LimitReached):
        await ask(bench, headers={"x-bypass-cache": "true"})


async def test_a_hit_takes_one_command_and_is_charged_nothing(bench: Bench) -> None:
    await with_key(bench, limits=Limits(10, 10_000, 10**9))
    await ask(bench)
    before, commands = charged(bench), bench.exact.commands

    hit = await begin(bench)

    assert hit.outcome.result == "HIT-EXACT"
    assert bench.exact.commands == commands + 1
    assert charged(bench) == before
    assert hit.outcome.grant is not None
    assert hit.outcome.grant.requests is not None
    assert (hit.outcome.grant.requests.limit, hit.outcome.grant.requests.left) == (10, 8)


async def test_a_semantic_hit_gives_back_what_was_reserved(bench: Bench) -> None:
    await with_key(bench)
    await ask(bench)
    before = charged(bench)

    first, promoted = await begin(bench, ALIKE), await begin(bench, ALIKE)

    assert (first.outcome.result, promoted.outcome.result) == ("HIT-SEMANTIC", "HIT-EXACT")
    assert charged(bench) == before


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_an_upstreams_error_is_charged_nothing(bench: Bench, status: int) -> None:
    await with_key(bench)
    bench.upstream.queue([b'{"error": {"message": "no"}}'], status)

    await ask(bench)

    assert charged(bench) == (0, 0)


async def test_an_upstream_that_is_away_is_charged_nothing(bench: Bench) -> None:
    await with_key(bench)
    bench.upstream.unreachable = True

    with pytest.raises(UpstreamUnreachable):
        await ask(bench)
    await bench.proxy.counter_writer.drain()

    assert charged(bench) == (0, 0)


async def test_an_answer_that_tells_no_usage_is_charged_as_was_reserved(bench: Bench) -> None:
    await with_key(bench)
    untold = {**completion("hi"), "usage": None}
    bench.upstream.queue([json.dumps(untold).encode()])

    await ask(bench, max_tokens=7)

    assert charged(bench) == reserved(bench, 7)


async def test_a_client_that_leaves_a_stream_is_charged_as_was_reserved(bench: Bench) -> None:
    await with_key(bench)
    headers = {"x-cache-mode": "read-only"}  # the body goes out as it came
    bench.upstream.queue(sse(chunk("a"), chunk("b"), chunk(finish="stop")), 200, SSE_HEADERS)

    answer = await begin(bench, stream=True, headers=headers, max_tokens=9)
    assert not isinstance(answer.body, bytes)
    await anext(answer.body)
    await answer.body.aclose()
    await bench.proxy.counter_writer.drain()

    assert charged(bench) == reserved(bench, 9)


async def test_a_stream_that_breaks_off_is_charged_as_was_reserved(bench: Bench) -> None:
    await with_key(bench)
    headers = {"x-cache-mode": "read-only"}
    cut = [*sse(chunk("a"), done=False), UpstreamUnreachable("gone", upstream="fake")]
    bench.upstream.queue(cut, 200, SSE_HEADERS)

    answer = await begin(bench, stream=True, headers=headers)
    await read(answer.body)
    await bench.proxy.counter_writer.drain()

    assert charged(bench) == reserved(bench)


async def test_a_client_that_leaves_before_the_upstream_is_asked_is_charged_nothing(
    bench: Bench,
) -> None:
    await with_key(bench)

    async def leave(*_: object) -> None:
        raise asyncio.CancelledError

    bench.embedder.embed = leave  # type: ignore[method-assign, assignment]  # the client leaves here
    with pytest.raises(asyncio.CancelledError):
        await begin(bench)
    await bench.proxy.counter_writer.drain()

    assert charged(bench) == (0, 0)


async def test_a_cached_answer_only_reserves_nothing(bench: Bench) -> None:
    await with_key(bench, limits=Limits(tokens_per_day=0))

    with pytest.raises(NotInCache):
        await ask(bench, headers={"cache-control": "only-if-cached"})

    assert charged(bench) == (0, 0)


async def test_a_text_that_only_looks_alike_reserves_before_the_upstream_is_asked(
    bench: Bench,
) -> None:
    await with_key(bench)
    await ask(bench, "How do I polish my nails?")

    other = await ask(bench, "How do I Polish my nails?")

    assert other.x_cache == "MISS"
    assert charged(bench) == (2 * TOLD_TOKENS, 2 * TOLD_NANO)


async def test_a_promotion_that_is_no_longer_believed_reserves_before_the_upstream(
    bench: Bench,
) -> None:
    await with_key(bench)
    await ask(bench)
    await ask(bench, ALIKE)

    strict = await ask(bench, ALIKE, headers={"x-cache-threshold": "0.99"})

    assert strict.x_cache == "MISS"
    assert charged(bench) == (2 * TOLD_TOKENS, 2 * TOLD_NANO)


@pytest.mark.parametrize(
    ("limits", "model", "error", "code"),
    [
        (Limits(tokens_per_day=100), "m", LimitReached, "insufficient_quota"),
        (Limits(nano_dollars_per_month=10), "m", LimitReached, "insufficient_quota"),
        (Limits(nano_dollars_per_month=10**12), "unpriced", Forbidden, "price_unknown"),
    ],
)
async def test_an_answer_that_the_budget_has_no_room_for_is_not_asked_for(
    bench: Bench, limits: Limits, model: str, error: type[RequestRefused], code: str
) -> None:
    await with_key(bench, limits=limits)

    with pytest.raises(error) as refused:
        await ask(bench, model=model)

    assert refused.value.code == code
    assert bench.upstream.calls == []
    assert charged(bench) == (0, 0)


async def test_stored_answers_are_served_though_the_budget_is_used_up(bench: Bench) -> None:
    await with_key(bench)
    await ask(bench)
    record = held(bench).record
    poor = KeyRecord(name="ci", created_at=1, limits=Limits(tokens_per_day=1))
    assert await bench.exact.write_key(TENANT, KEY, poor, instead_of=record)

    answers = [await ask(bench), await ask(bench, ALIKE)]

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
    bench: Bench, changes: dict[str, Any], status: int, code: str
) -> None:
    await with_key(bench, **changes)

    with pytest.raises(RequestRefused) as refused:
        await ask(bench)

    assert (refused.value.status, refused.value.code) == (status, code)
    assert bench.upstream.calls == []


async def test_an_unknown_key_is_answered_as_a_wrong_one(bench: Bench) -> None:
    with pytest.raises(NotPermitted) as refused:
        await ask(bench)

    assert refused.value.code == "invalid_api_key"


async def test_a_refused_key_is_told_its_limits_and_when_to_come_back(bench: Bench) -> None:
    await with_key(bench, limits=Limits(requests_per_minute=1, tokens_per_day=5_000))
    await ask(bench)

    with pytest.raises(LimitReached) as refused:
        await ask(bench)

    headers = refused.value.headers
    assert 0 < int(headers["retry-after"]) <= 60
    assert headers["x-ratelimit-limit-requests"] == "1"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert headers["x-ratelimit-limit-tokens"] == "5000"
    await bench.proxy.counter_writer.drain()
    assert bench.exact.count_of("error:key_requests", TENANT) == 1


async def test_a_key_brings_its_namespace_and_asks_twice_only_the_first_time(
    bench: Bench,
) -> None:
    await with_key(bench, namespace="shop")

    first = await ask(bench)
    commands = bench.exact.commands
    again = await begin(bench)

    assert (first.x_cache, again.outcome.result) == ("MISS", "HIT-EXACT")
    assert bench.exact.commands == commands + 1
    assert (await ask(bench, headers={"x-cache-namespace": "shop"})).x_cache == "HIT-EXACT"
    assert (await ask(bench, headers={"x-cache-namespace": "default"})).x_cache == "MISS"


async def test_a_changed_namespace_is_found_by_the_next_request(bench: Bench) -> None:
    await with_key(bench, namespace="shop")
    await ask(bench)
    moved = KeyRecord(name="ci", created_at=1, namespace="office")
    assert await bench.exact.write_key(TENANT, KEY, moved, instead_of=held(bench).record)

    assert (await ask(bench)).x_cache == "MISS"
    assert (await ask(bench)).x_cache == "HIT-EXACT"


async def test_while_the_store_is_away_a_signed_key_is_served_at_a_modest_rate(
    bench: Bench,
) -> None:
    await with_key(bench)
    bench.exact.away = True

    answers = [await begin(bench), await begin(bench)]
    with pytest.raises(LimitReached) as refused:
        await begin(bench)

    assert [answer.outcome.reason for answer in answers] == ["exact-unavailable"] * 2
    assert 0 < int(refused.value.headers["retry-after"]) <= 60
    bench.exact.away = False
    await bench.proxy.counter_writer.drain()
    assert bench.exact.count_of("error:key_unchecked", TENANT) == 2
    assert charged(bench) == (2 * TOLD_TOKENS, 2 * TOLD_NANO)


async def test_another_tenant_is_served_while_one_has_reached_the_modest_rate(
    bench: Bench,
) -> None:
    bench.exact.away = True
    for _ in range(2):
        await begin(bench)

    assert (await begin(bench, tenant="other")).status == 200


async def test_a_store_that_cannot_count_is_as_good_as_away(bench: Bench) -> None:
    await with_key(bench, limits=Limits(requests_per_minute=100))
    bench.exact.full = True

    for _ in range(2):
        await begin(bench)
    with pytest.raises(LimitReached):
        await begin(bench)


async def test_a_request_that_looks_twice_takes_one_place_of_the_modest_rate(
    bench: Bench,
) -> None:
    await with_key(bench)
    await ask(bench)
    await ask(bench, ALIKE)
    bench.exact.full = True

    answers = [await ask(bench, ALIKE), await ask(bench, ALIKE)]

    assert [answer.outcome.reason for answer in answers] == ["promoted"] * 2
    assert bench.exact.count_of("error:key_unchecked", TENANT) == 2


async def test_without_a_key_nothing_is_asked_before_what_is_not_cached(bench: Bench) -> None:
    state = await Admission(bench.proxy.exact).free(Client(TENANT, None))

    assert (state.grant, state.charge, bench.exact.commands) == (None, None, 0)


async def test_without_a_key_nothing_is_asked_of_one(bench: Bench) -> None:
    told = await bench.ask()

    assert told.outcome.grant is None
    assert not any(name.startswith("usage:") for name in bench.exact.counted["default"])


class AnswersElsewhere:
    """Stands where the semantic tier does: answers after the lookup has reserved."""

    def __init__(self, told: Told) -> None:
        self._told = told

    async def find(self, asked: object, state: object) -> Answer:
        del asked, state
        outcome = replace(self._told.outcome, result=Result.COALESCED)
        return Answer(200, "application/json", self._told.body, outcome)


async def test_an_answer_that_no_upstream_gave_gives_back_what_was_reserved(bench: Bench) -> None:
    await with_key(bench)
    first = await ask(bench)
    before = charged(bench)
    elsewhere: Any = AnswersElsewhere(first)
    bench.proxy = replace(bench.proxy, semantic=elsewhere)

    told = await ask(bench, "Another question altogether")

    assert told.x_cache == "COALESCED"
    assert charged(bench) == before


async def test_a_refreshed_answer_goes_into_the_keys_own_namespace(bench: Bench) -> None:
    await with_key(bench, namespace="shop")

    await ask(bench, headers={"x-cache-mode": "refresh"})

    assert (await ask(bench)).x_cache == "HIT-EXACT"
    assert (await ask(bench, headers={"x-cache-namespace": "default"})).x_cache == "MISS"


async def test_namespaces_of_keys_that_are_not_seen_any_more_are_forgotten(bench: Bench) -> None:
    await with_key(bench, namespace="shop")
    known = bench.proxy.exact.keys.namespaces
    known.update({Client("old", str(number)): "x" for number in range(10_000)})

    await ask(bench)

    assert len(known) == 10_000
    assert known[Client(TENANT, KEY)] == "shop"


async def test_an_expired_answer_is_charged_nothing_and_tells_what_is_left() -> None:
    bench = Bench(Policy(default_ttl_seconds=100, stale_if_error_seconds=60))
    await with_key(bench, limits=Limits(10, 10_000, 10**9))
    await ask(bench)
    before = charged(bench)
    bench.exact.time += 100
    bench.upstream.unreachable = True

    told = await ask(bench)
    await bench.proxy.drain()

    assert told.x_cache == "STALE"
    assert charged(bench) == before
    assert told.outcome.grant is not None
    assert told.outcome.grant.requests is not None
    assert told.outcome.grant.requests.limit == 10


async def test_a_key_without_the_budget_for_it_has_no_answer_renewed() -> None:
    bench = Bench(Policy(default_ttl_seconds=100, refresh_ahead=0.5))
    await with_key(bench, limits=Limits(tokens_per_day=1_100))
    await ask(bench)
    bench.exact.time += 90
    usage = replace(held(bench).usage, tokens=1_090)
    bench.exact.keys[TENANT, KEY] = replace(held(bench), usage=usage)

    told = await ask(bench)

    assert told.x_cache == "HIT-EXACT"
    assert len(bench.upstream.calls) == 1
    assert held(bench).usage.tokens == 1_090


async def test_what_renews_an_answer_is_charged_and_counts_no_request() -> None:
    bench = Bench(Policy(default_ttl_seconds=100, refresh_ahead=0.5))
    await with_key(bench, limits=Limits(requests_per_minute=1, tokens_per_day=10_000))
    await ask(bench)
    bench.exact.time += 90

    told = await ask(bench)

    assert told.x_cache == "HIT-EXACT"
    assert len(bench.upstream.calls) == 2
    assert charged(bench)[0] == 2 * TOLD_TOKENS


async def test_an_expired_answer_stands_in_from_the_keys_own_namespace_alone() -> None:
    bench = Bench(Policy(default_ttl_seconds=100, stale_if_error_seconds=60))
    await with_key(bench, namespace="shop")
    await bench.ask(tenant=TENANT, headers={"x-cache-namespace": "default"})
    bench.exact.time += 120
    bench.upstream.unreachable = True
    bench.proxy.exact.keys.namespaces.clear()  # as in a new instance

    with pytest.raises(UpstreamError):
        await ask(bench)
