"""Who waits for a leader that leaves, dies or is slow, or for a store that fails."""

import asyncio
import contextlib

import pytest

from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.exact_store.store import Lookup
from unit.pipeline.harness import let_tasks_run
from unit.pipeline.in_flight import gated_harness, in_flight, other_instance


async def usual_flight() -> str:
    """The name under which the harness's usual request takes its lease."""
    harness, upstream = gated_harness()
    leader = await in_flight(harness, upstream)
    [(_, flight)] = harness.exact.leases
    upstream.gate.set()
    await leader
    return flight


@pytest.mark.parametrize("far", [False, True])
async def test_a_leader_whose_client_leaves_hands_over_to_one(far: bool) -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness) if far else (harness, upstream)
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(elsewhere.ask()) for _ in range(3)]
    await let_tasks_run()

    leader.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await leader
    theirs.gate.set()
    answer = [await task for task in followers]

    assert sorted(one.x_cache for one in answer) == ["COALESCED", "COALESCED", "MISS"]
    assert len({one.body for one in answer}) == 1
    assert len(theirs.calls) == 1


async def test_a_leader_that_dies_is_followed_by_one_when_its_lease_lapses() -> None:
    harness, _ = gated_harness()
    flight = await usual_flight()
    died = Lookup("default", "key", Form.JSON, "digest", flight=flight, lease_seconds=5)
    await harness.exact.lookup(died)
    elsewhere, theirs = other_instance(harness)
    theirs.gate.set()
    followers = [asyncio.create_task(elsewhere.ask()) for _ in range(3)]
    await let_tasks_run()

    harness.exact.time += 6
    answer = [await task for task in followers]

    assert sorted(one.x_cache for one in answer) == ["COALESCED", "COALESCED", "MISS"]


async def test_heartbeats_keep_a_slow_leader_in_the_lead() -> None:
    harness, upstream = gated_harness(terms=LeaseTerms(lease_seconds=0.06))
    elsewhere, theirs = other_instance(harness, terms=LeaseTerms(lease_seconds=0.06))
    leader = await in_flight(harness, upstream)
    follower = asyncio.create_task(elsewhere.ask())
    for _ in range(20):
        await asyncio.sleep(0.01)
        harness.exact.time += 0.01

    upstream.gate.set()

    assert (await leader).x_cache == "MISS"
    assert (await follower).x_cache == "COALESCED"
    assert theirs.calls == []


async def test_no_request_waits_longer_than_the_setting_says() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness, terms=LeaseTerms(wait_seconds=0.1))
    theirs.gate.set()
    leader = await in_flight(harness, upstream)

    answer = await elsewhere.ask()
    upstream.gate.set()
    await leader

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "single-flight-timeout")


async def test_without_a_store_no_request_leads_and_none_waits() -> None:
    harness, upstream = gated_harness()
    harness.exact.away = True
    upstream.gate.set()

    answer = await asyncio.gather(*(harness.ask() for _ in range(3)))

    assert {one.x_cache for one in answer} == {"MISS"}
    assert len(upstream.calls) == 3


async def test_a_store_that_fails_lets_all_who_wait_go_on() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness)
    theirs.gate.set()
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(elsewhere.ask()) for _ in range(3)]
    await let_tasks_run()

    harness.exact.away = True
    answer = [await task for task in followers]
    upstream.gate.set()

    assert {one.x_cache for one in answer} == {"MISS"}
    assert (await leader).x_cache == "MISS"
    assert len(theirs.calls) == 3


async def test_a_full_store_gives_no_lease_and_fails_no_request() -> None:
    harness, upstream = gated_harness()
    harness.exact.fill_up()
    upstream.gate.set()

    answer = await asyncio.gather(*(harness.ask() for _ in range(3)))

    assert {one.x_cache for one in answer} == {"MISS"}


async def test_after_a_clear_the_followers_call_the_upstream_anew() -> None:
    harness, upstream = gated_harness()
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(harness.ask()) for _ in range(3)]
    await let_tasks_run()
    await harness.exact.cut("default", "all")

    upstream.gate.set()
    answer = [await task for task in (leader, *followers)]

    assert sorted(one.x_cache for one in answer) == ["COALESCED", "COALESCED", "MISS", "MISS"]
    assert len(upstream.calls) == 2
