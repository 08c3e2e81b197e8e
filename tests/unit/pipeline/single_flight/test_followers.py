"""Identical requests at once: one leads, the others get its answer or its error."""

import asyncio
import json
from typing import Any

import pytest

from fakes.upstream import chunk, completion, sse
from llm_cache_proxy.domain.errors import UpstreamTimedOut, UpstreamUnreachable
from llm_cache_proxy.domain.requests.policy import Policy
from unit.pipeline.harness import let_tasks_run
from unit.pipeline.in_flight import gated_harness, in_flight, other_instance

SSE = {"content-type": "text/event-stream"}


async def test_followers_in_one_process_share_the_leaders_answer_without_a_poll() -> None:
    harness, upstream = gated_harness()
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(harness.ask()) for _ in range(5)]
    await let_tasks_run()

    upstream.gate.set()
    answer = [await task for task in (leader, *followers)]

    assert [one.x_cache for one in answer] == ["MISS", *["COALESCED"] * 5]
    assert {one.body for one in answer} == {answer[0].body}
    assert answer[1].outcome.reason == "coalesced"
    assert answer[1].outcome.entry_id is not None
    assert (len(upstream.calls), harness.exact.polls) == (1, 0)
    assert harness.exact.count_of("coalesced") == 5
    assert harness.exact.count_of("model:m:prompt_saved") == 50


async def test_a_follower_in_another_process_polls_for_it() -> None:
    harness, upstream = gated_harness()
    elsewhere, unasked = other_instance(harness)
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(elsewhere.ask()) for _ in range(5)]
    await let_tasks_run()

    upstream.gate.set()
    answer = [await task for task in (leader, *followers)]

    assert {one.x_cache for one in answer[1:]} == {"COALESCED"}
    assert {one.body for one in answer} == {answer[0].body}
    assert unasked.calls == []
    assert 1 <= harness.exact.polls <= 3


async def test_an_answer_that_is_not_kept_is_shared_with_those_who_wait_and_no_one_later() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness)
    theirs.gate.set()
    said = completion("There you", finish="length")
    upstream.queue([json.dumps(said).encode()])
    leader = await in_flight(harness, upstream)
    near, far = asyncio.create_task(harness.ask()), asyncio.create_task(elsewhere.ask())
    streamed = asyncio.create_task(elsewhere.ask(stream=True))
    await let_tasks_run()

    upstream.gate.set()
    answer = [await leader, await near, await far]
    later = await elsewhere.ask()

    assert {one.body for one in answer} == {answer[0].body}
    assert [one.x_cache for one in answer] == ["MISS", "COALESCED", "COALESCED"]
    assert b"There you" in (await streamed).body
    assert (await streamed).body.endswith(b"data: [DONE]\n\n")
    assert later.x_cache == "MISS"


@pytest.mark.parametrize("said", [b'{"choices": [1]}', b'{"error": "no"}', b"no JSON", b"\xff"])
async def test_an_answer_that_is_no_completion_goes_to_all_followers(said: bytes) -> None:
    harness, upstream = gated_harness()
    upstream.queue([said])
    leader = await in_flight(harness, upstream)
    follower = asyncio.create_task(harness.ask())
    await let_tasks_run()

    upstream.gate.set()

    assert (await leader).body == said
    assert (await follower).body == said.decode("utf-8", "replace").encode()


async def test_an_upstream_error_goes_to_all_followers() -> None:
    harness, upstream = gated_harness()
    elsewhere, _ = other_instance(harness)
    upstream.queue([b'{"error": {"message": "slow down"}}'], 429, {"retry-after": "7"})
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(one.ask()) for one in (harness, elsewhere)]
    await let_tasks_run()

    upstream.gate.set()
    answer = [await task for task in (leader, *followers)]

    assert [one.status for one in answer] == [429] * 3
    assert len({one.body for one in answer}) == 1


async def test_an_unreachable_upstream_is_an_error_for_all_followers() -> None:
    harness, upstream = gated_harness()
    elsewhere, _ = other_instance(harness)
    upstream.unreachable = True
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(one.ask()) for one in (harness, elsewhere)]
    await let_tasks_run()

    upstream.gate.set()

    for task in (leader, *followers):
        with pytest.raises(UpstreamUnreachable, match="cannot be reached"):
            await task
    assert len(upstream.calls) == 1


async def test_a_stream_that_breaks_off_is_an_error_for_those_who_wait() -> None:
    harness, upstream = gated_harness()
    broken: list[Any] = [*sse(chunk("Half"), done=False), UpstreamTimedOut("late", upstream="u")]
    upstream.queue(broken, 200, SSE)
    leader = await in_flight(harness, upstream, stream=True)
    follower = asyncio.create_task(harness.ask())
    await let_tasks_run()

    upstream.gate.set()

    assert b"late" in (await leader).body
    with pytest.raises(UpstreamTimedOut, match="late"):
        await follower


@pytest.mark.parametrize(
    "headers",
    [
        {"x-cache-mode": "refresh"},
        {"x-cache-mode": "read-only"},
        {"cache-control": "no-store"},
        {"x-bypass-cache": "true"},
        {"x-cache-ttl": "0"},
    ],
)
async def test_who_keeps_or_reads_nothing_shares_nothing(headers: dict[str, str]) -> None:
    harness, upstream = gated_harness()
    leader = await in_flight(harness, upstream)
    asked_before = len(upstream.calls)
    other = asyncio.create_task(harness.ask(headers=headers))
    await let_tasks_run()

    upstream.gate.set()

    assert (await other).x_cache in {"MISS", "BYPASS"}
    assert (await leader).x_cache == "MISS"
    assert len(upstream.calls) == asked_before + 2


async def test_it_can_be_switched_off() -> None:
    harness, upstream = gated_harness(policy=Policy(coalesce=False))
    upstream.gate.set()

    await asyncio.gather(*(harness.ask() for _ in range(3)))

    assert len(upstream.calls) == 3
    assert harness.exact.leases == {}


async def test_other_tenants_and_other_spellings_are_other_flights() -> None:
    harness, upstream = gated_harness()
    upstream.gate.set()
    asks = [harness.ask(), harness.ask(tenant="other"), harness.ask("what is rust?")]

    answer = await asyncio.gather(*asks)

    assert {one.x_cache for one in answer} == {"MISS"}
    assert len(upstream.calls) == 3
