"""A client's key and an answer whose lifetime is over."""

from dataclasses import replace

import pytest

from llm_cache_proxy.domain.client_keys.limits import Limits
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.requests.policy import Policy
from unit.pipeline.harness import Harness
from unit.pipeline.keyed import KEY, REPORTED_TOKENS, TENANT, ask, charged, held, with_key


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
