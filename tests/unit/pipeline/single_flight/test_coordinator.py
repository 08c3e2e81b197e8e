"""Identical requests in flight share one upstream call."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from fakes.embedder import FakeEmbedder
from fakes.upstream import GatedUpstream, chunk, completion, sse
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.entries.shared_answer import SharedAnswer, shared_answer
from llm_cache_proxy.domain.errors import UpstreamTimedOut, UpstreamUnreachable
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.single_flight.waiting import UNKNOWN_SECONDS, UpstreamPace, pauses
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.embedder import Embedding
from llm_cache_proxy.ports.exact_store.leases import Lease
from llm_cache_proxy.ports.exact_store.store import Lookup
from llm_cache_proxy.ports.upstream import Route
from unit.pipeline.harness import Harness, ReceivedAnswer, let_tasks_run

SSE = {"content-type": "text/event-stream"}


def gated_harness(**parts: Any) -> tuple[Harness, GatedUpstream]:
    upstream = GatedUpstream()
    return Harness(upstream=upstream, **parts), upstream


def other_instance(harness: Harness, **parts: Any) -> tuple[Harness, GatedUpstream]:
    """Another process on the same store, with an upstream of its own."""
    made, upstream = gated_harness(exact=harness.exact, **parts)
    made.proxy.single_flight.pace.saw("m", 0.05)
    return made, upstream


async def in_flight(
    harness: Harness, upstream: GatedUpstream, **changes: Any
) -> asyncio.Task[ReceivedAnswer]:
    """A request that leads, its upstream call under way."""
    task = asyncio.create_task(harness.ask(**changes))
    await upstream.asked.wait()
    return task


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


async def usual_flight() -> str:
    """The name under which the harness's usual request takes its lease."""
    harness, upstream = gated_harness()
    leader = await in_flight(harness, upstream)
    [(_, flight)] = harness.exact.leases
    upstream.gate.set()
    await leader
    return flight


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


async def test_an_answer_from_another_route_reaches_those_who_wait() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness)
    for one in (upstream, theirs):
        one.route_list = [Route("first", "m"), Route("second", "m")]
        one.answering_route = Route("second", "m")
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(one.ask()) for one in (harness, elsewhere)]
    await let_tasks_run()

    upstream.gate.set()
    answer = [await task for task in (leader, *followers)]

    assert [one.x_cache for one in answer] == ["MISS", "COALESCED", "COALESCED"]
    assert len({one.body for one in answer}) == 1


async def test_a_leader_that_finds_a_semantic_match_shares_it_with_its_followers() -> None:
    harness, upstream = gated_harness()
    upstream.gate.set()
    harness.embedder.set_similarity("What is Rust?", "Tell me what Rust is", 0.94)
    await harness.ask("Tell me what Rust is")

    answer = await asyncio.gather(*(harness.ask() for _ in range(4)))

    assert [one.x_cache for one in answer].count("HIT-SEMANTIC") == 1
    assert [one.x_cache for one in answer].count("HIT-EXACT") == 3
    assert len(upstream.calls) == 1
    assert harness.exact.leases == {}


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
            if pieces.count(b": waiting\n\n") == 2:
                upstream.gate.set()

    assert answer.outcome.result == "COALESCED"
    assert pieces[0] == b": waiting\n\n"
    assert pieces.count(b": waiting\n\n") >= 2
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


def test_the_first_look_comes_when_the_answer_is_due_and_later_ones_ever_more_rarely() -> None:
    waits = pauses(4.0, 1.0, 0.0)

    assert [next(waits) for _ in range(6)] == [3.0, 1.0, 1.5, 2.0, 2.0, 2.0]


def test_a_pause_is_never_too_short_and_varies() -> None:
    late, spread = pauses(1.0, 9.0, 0.0), pauses(4.0, 0.0, 0.5)

    assert next(late) == 0.05
    assert next(spread) == 4.5


def test_what_is_expected_is_the_median_of_the_last_answers() -> None:
    pace = UpstreamPace()
    for seconds in (100.0, *[2.0] * 15, *[4.0] * 5):
        pace.saw("m", seconds)

    assert pace.expected_seconds("m") == 2.0
    assert pace.expected_seconds("other") == UNKNOWN_SECONDS


def test_models_without_end_take_no_memory_without_end() -> None:
    pace = UpstreamPace()
    for number in range(1_000):
        pace.saw(str(number), 9.0)

    assert pace.expected_seconds("0") == UNKNOWN_SECONDS
    assert pace.expected_seconds("999") == 9.0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"v": 9}', '{"v": 1, "forms": null}', "null"])
def test_mail_that_makes_no_sense_is_no_answer(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever json says
        shared_answer(text)


def test_mail_is_read_as_it_was_written() -> None:
    answer = SharedAnswer(429, "text/plain", {"retry-after": "7"}, body="ä", model="m")

    assert shared_answer(answer.text()) == answer


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


class GatedEmbedder(FakeEmbedder):
    """Answers when its gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        await self.gate.wait()
        return await super().embed(texts)


async def test_a_follower_in_another_process_gets_the_semantic_match() -> None:
    embedder = GatedEmbedder()
    embedder.set_similarity("What is Rust?", "Tell me what Rust is", 0.94)
    harness, upstream = gated_harness(embedder=embedder)
    upstream.gate.set()
    await harness.ask("Tell me what Rust is")
    elsewhere, theirs = other_instance(harness)
    embedder.gate.clear()
    leader, follower = asyncio.create_task(harness.ask()), asyncio.create_task(elsewhere.ask())
    await let_tasks_run()

    embedder.gate.set()

    assert (await leader).x_cache == "HIT-SEMANTIC"
    assert (await follower).x_cache == "HIT-EXACT"
    assert theirs.calls == []


async def test_mail_of_another_version_sends_a_follower_to_the_upstream() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness)
    theirs.gate.set()
    leader = await in_flight(harness, upstream)
    follower = asyncio.create_task(elsewhere.ask())
    await let_tasks_run()

    [((tenant, flight), token)] = harness.exact.leases.items()
    await harness.exact.publish(tenant, Lease(flight, token, led=True), '{"v": 0}', 15.0)

    assert (await follower).x_cache == "MISS"
    assert len(theirs.calls) == 1
    upstream.gate.set()
    await leader
