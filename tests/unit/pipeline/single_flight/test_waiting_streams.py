"""A streamed request that waits for a leader: comments, errors as events, leaving."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from unit.pipeline.harness import let_tasks_run
from unit.pipeline.in_flight import gated_harness, in_flight, other_instance


async def pieces_of(body: bytes | AsyncGenerator[bytes]) -> list[bytes]:
    assert not isinstance(body, bytes)
    async with aclosing(body) as pieces:
        return [piece async for piece in pieces]


async def test_a_stream_that_waits_is_kept_alive_by_comments() -> None:
    harness, upstream = gated_harness(keep_alive_seconds=0.05)
    leader = await in_flight(harness, upstream)
    answer = await harness.begin(stream=True)
    assert not isinstance(answer.body, bytes)
    pieces: list[bytes] = []
    async with aclosing(answer.body) as body:
        async for piece in body:
            pieces.append(piece)
            if pieces.count(b": waiting\n") == 2:
                upstream.gate.set()

    assert answer.outcome.result == "COALESCED"
    assert pieces[0] == b": waiting\n"
    assert pieces.count(b": waiting\n") >= 2
    assert b"answer 1" in pieces[-1]
    assert pieces[-1].endswith(b"data: [DONE]\n\n")
    assert (await leader).x_cache == "MISS"


async def test_a_stream_that_waits_reports_an_error_as_an_event() -> None:
    harness, upstream = gated_harness(keep_alive_seconds=0.05)
    upstream.unreachable = True
    leader = await in_flight(harness, upstream)
    answer = await harness.begin(stream=True)

    upstream.gate.set()
    pieces = await pieces_of(answer.body)

    assert b'"code":"upstream_unreachable"' in pieces[-1]
    with pytest.raises(UpstreamUnreachable):
        await leader


async def test_a_stream_that_waits_learns_that_its_key_has_nothing_left() -> None:
    harness, upstream = gated_harness(keep_alive_seconds=0.05)
    limits = {"aa": Limits(), "bb": Limits(tokens_per_day=1)}
    for key_id, each in limits.items():
        await harness.exact.write_key("acme", key_id, KeyRecord("ci", created_at=1, limits=each))
    leader = await in_flight(harness, upstream, tenant="acme", key_id="aa")
    answer = await harness.begin(stream=True, tenant="acme", key_id="bb")

    leader.cancel()
    pieces = await pieces_of(answer.body)

    assert b'"code":"insufficient_quota"' in pieces[-1]
    assert b'"type":"insufficient_quota"' in pieces[-1]
    with pytest.raises(asyncio.CancelledError):
        await leader


async def test_a_stream_whose_wait_timed_out_goes_on_alone() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(
        harness, keep_alive_seconds=0.03, terms=LeaseTerms(wait_seconds=0.1)
    )
    theirs.gate.set()
    leader = await in_flight(harness, upstream)

    answer = await elsewhere.begin(stream=True)
    pieces = await pieces_of(answer.body)
    upstream.gate.set()
    await leader

    assert pieces[-1] == b"data: [DONE]\n\n"
    assert len(theirs.calls) == 1


@pytest.mark.parametrize("begun", [False, True])
async def test_a_stream_that_is_left_while_it_waits_leaves_nothing_behind(begun: bool) -> None:
    harness, upstream = gated_harness(keep_alive_seconds=0.02)
    leader = await in_flight(harness, upstream)
    answer = await harness.begin(stream=True)
    assert not isinstance(answer.body, bytes)
    if begun:
        await anext(answer.body)

    await answer.body.aclose()

    [group] = harness.proxy.single_flight.local_waiters._groups.values()
    assert group.waiting == 0
    upstream.gate.set()
    await leader
    assert harness.proxy.single_flight.local_waiters._groups == {}


async def test_a_stream_that_is_left_before_it_began_waits_no_more() -> None:
    harness, upstream = gated_harness()
    leader = await in_flight(harness, upstream)
    follower = asyncio.create_task(harness.begin(stream=True))
    await let_tasks_run()

    follower.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await follower
    await let_tasks_run()

    [group] = harness.proxy.single_flight.local_waiters._groups.values()
    assert group.waiting == 0
    upstream.gate.set()
    assert (await leader).x_cache == "MISS"


async def test_a_stream_that_came_to_lead_and_is_left_gives_the_lease_back() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness, keep_alive_seconds=0.02)
    leader = await in_flight(harness, upstream)
    answer = await elsewhere.begin(stream=True)
    assert not isinstance(answer.body, bytes)
    await anext(answer.body)
    leader.cancel()
    await theirs.asked.wait()
    led = dict(harness.exact.leases)

    await answer.body.aclose()
    await elsewhere.proxy.drain()

    assert len(led) == 1
    assert harness.exact.leases == {}


async def test_a_stream_that_waits_reports_an_upstreams_refusal_as_an_event() -> None:
    harness, upstream = gated_harness(keep_alive_seconds=0.02)
    upstream.queue([b'{"error":\n {"message": "too many"}}'], 429)
    leader = await in_flight(harness, upstream)
    answer = await harness.begin(stream=True)

    upstream.gate.set()
    pieces = await pieces_of(answer.body)

    assert pieces[-1] == b'data: {"error": {"message": "too many"}}\n\n'
    assert (await leader).status == 429
