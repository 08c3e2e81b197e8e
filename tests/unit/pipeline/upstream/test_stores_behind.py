"""Where work may go on after an answer, a plain one leaves before it is stored."""

import asyncio
import json
from typing import Any

from fakes.upstream import completion
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.unstored import MOST_UNSTORED
from llm_cache_proxy.ports.upstream import Route
from unit.pipeline.harness import Harness, ReceivedAnswer, let_tasks_run
from unit.pipeline.held_exact import HeldExact

SAID = b'"answer 1"'


def held_harness(**parts: Any) -> tuple[Harness, HeldExact]:
    exact = HeldExact()
    return Harness(exact=exact, stores_behind=True, **parts), exact


async def unstored(harness: Harness) -> Answer:
    """An answer that has left, its write under way."""
    answer = await harness.begin()
    await let_tasks_run()
    return answer


async def test_an_answer_leaves_before_it_is_stored() -> None:
    harness, exact = held_harness()

    answer = await harness.begin()

    assert isinstance(answer.body, bytes)
    assert SAID in answer.body
    assert (exact.commits, exact.entries, harness.vectors.held) == (0, {}, {})
    exact.gate.set()
    await harness.proxy.wait_for_background()
    assert len(exact.entries) == len(harness.vectors.held) == 1
    assert exact.leases == {}
    assert exact.count_of("misses") == 1


async def test_its_headers_say_nothing_of_an_entry() -> None:
    harness, exact = held_harness()

    answer = await harness.begin()
    exact.gate.set()
    await harness.proxy.drain()

    outcome = answer.outcome
    assert (outcome.result.value, outcome.entry_id, outcome.ttl_seconds) == ("MISS", None, None)


async def test_an_identical_request_meanwhile_gets_the_same_answer() -> None:
    harness, exact = held_harness()
    await unstored(harness)

    follower = asyncio.create_task(harness.ask())
    await let_tasks_run()
    waited = not follower.done()
    exact.gate.set()
    answer = await follower

    assert waited
    assert (answer.x_cache, SAID in answer.body) == ("HIT-EXACT", True)
    assert len(harness.upstream.calls) == 1


async def test_an_identical_request_waits_for_a_fallbacks_answer_and_asks_anew() -> None:
    harness, exact = held_harness(policy=Policy(semantic=False))
    harness.upstream.answering_route = Route("fallback", "other")
    await unstored(harness)
    harness.upstream.answering_route = None

    again = asyncio.create_task(harness.ask())
    await let_tasks_run()
    waited = not again.done()
    exact.gate.set()
    answer = await again

    assert waited
    assert (answer.x_cache, answer.said) == ("MISS", "answer 2")


async def test_an_identical_request_waits_for_what_is_stored_by_its_text_as_written() -> None:
    harness, exact = held_harness(policy=Policy(semantic=False))
    exact.gate.set()
    await harness.ask("What does chmod u+S do?")
    exact.gate.clear()
    await harness.begin("What does chmod u+s do?")
    await let_tasks_run()

    again = asyncio.create_task(harness.ask("What does chmod u+s do?"))
    await let_tasks_run()
    waited = not again.done()
    exact.gate.set()
    answer = await again

    assert waited
    assert (answer.x_cache, answer.said) == ("HIT-EXACT", "answer 2")


async def test_a_prompt_in_other_words_waits_for_it_and_is_a_hit() -> None:
    harness, exact = held_harness()
    harness.embedder.set_similarity("What is Rust?", "What's Rust?", 0.97)
    await harness.begin("What is Rust?")
    await let_tasks_run()

    other = asyncio.create_task(harness.ask("What's Rust?"))
    await let_tasks_run()
    waited = not other.done()
    exact.gate.set()
    answer = await other

    assert waited
    assert (answer.x_cache, SAID in answer.body) == ("HIT-SEMANTIC", True)
    assert len(harness.upstream.calls) == 1


async def test_no_request_waits_for_another_prompts_or_tenants_store() -> None:
    harness, exact = held_harness()
    exact.gate.set()
    await harness.ask("What is Go?")
    exact.gate.clear()
    await unstored(harness)

    hit = await harness.begin("What is Go?")  # and wait for no store, as `ask` would

    assert hit.outcome.result.value == "HIT-EXACT"
    assert harness.proxy.unstored is not None
    await harness.proxy.unstored.stored("another tenant")
    exact.gate.set()
    await harness.proxy.drain()


async def test_an_identical_request_after_it_is_a_hit() -> None:
    harness, exact = held_harness()
    exact.gate.set()
    await unstored(harness)

    answer = await harness.ask()

    assert (answer.x_cache, SAID in answer.body) == ("HIT-EXACT", True)


async def test_a_store_that_fails_behind_it_delays_no_request() -> None:
    harness, exact = held_harness()
    exact.fault = OSError("the disk is gone")
    await unstored(harness)
    follower = asyncio.create_task(harness.ask())
    await let_tasks_run()

    exact.gate.set()
    answer = await follower

    assert answer.x_cache == "MISS"
    assert exact.entries == {}
    assert exact.leases == {}
    assert exact.count_of("error:exact") == 2


async def test_a_write_that_is_given_up_gives_its_lease_back() -> None:
    harness, exact = held_harness()
    await unstored(harness)
    assert len(exact.leases) == 1

    assert harness.proxy.unstored is not None
    await harness.proxy.unstored.wait_at_most(0)
    await harness.proxy.background.wait()

    assert exact.leases == {}
    assert exact.entries == {}


async def test_a_clear_that_came_in_between_wins() -> None:
    harness, exact = held_harness()
    await unstored(harness)

    await exact.cut("default", "all")
    exact.gate.set()
    await harness.proxy.drain()

    assert exact.entries == {}
    assert exact.leases == {}


async def test_what_cannot_be_read_back_is_not_stored() -> None:
    harness, exact = held_harness()
    said = json.dumps(completion("hello")).replace("1700000000", "1e999").encode()
    harness.upstream.queue([said])
    exact.gate.set()
    answer = await harness.begin()

    await harness.proxy.drain()

    assert answer.body == said
    assert exact.commits == 0
    assert (exact.entries, exact.leases) == ({}, {})
    assert exact.count_of("misses") == 1


async def test_more_than_so_many_are_stored_before_they_are_sent() -> None:
    harness, exact = held_harness(policy=Policy(semantic=False))
    for number in range(MOST_UNSTORED):
        await harness.begin(f"What is {number}?")

    one_more = asyncio.create_task(harness.begin("What is one more?"))
    await let_tasks_run()
    waited = not one_more.done()
    exact.gate.set()
    await one_more
    await harness.proxy.drain()

    assert waited
    assert len(exact.entries) == MOST_UNSTORED + 1


async def test_where_nothing_runs_after_an_answer_it_is_stored_first() -> None:
    exact = HeldExact()
    harness = Harness(exact=exact, stores_behind=True, frozen=True)

    asked = asyncio.create_task(harness.begin())
    await let_tasks_run()
    waited = not asked.done()
    exact.gate.set()
    await asked

    assert waited
    assert len(exact.entries) == 1


async def test_draining_waits_until_everything_is_stored() -> None:
    harness, exact = held_harness()
    await harness.begin()

    draining = asyncio.create_task(harness.proxy.drain())
    await let_tasks_run()
    waited = not draining.done()
    exact.gate.set()
    await draining

    assert waited
    assert len(exact.entries) == 1


async def test_what_is_counted_is_known_when_the_answer_leaves() -> None:
    harness, exact = held_harness()
    state = RequestState()

    await harness.begin(state=state)

    assert state.facts.usage is not None
    assert state.counts.result["misses"] == 1
    exact.gate.set()
    await harness.proxy.drain()


async def test_a_renewal_is_stored_before_it_gives_its_lease_up() -> None:
    policy = Policy(stale_while_revalidate_seconds=3_600)
    harness, exact = held_harness(policy=policy)
    exact.gate.set()
    first = await harness.ask(headers={"x-cache-ttl": "60"})
    exact.time += 100

    stale = await harness.ask(headers={"x-cache-ttl": "60"})
    renewed = await harness.ask(headers={"x-cache-ttl": "60"})

    received = [_result_and_text(answer) for answer in (first, stale, renewed)]
    assert received == [("MISS", "answer 1"), ("STALE", "answer 1"), ("HIT-EXACT", "answer 2")]
    assert exact.leases == {}


def _result_and_text(answer: ReceivedAnswer) -> tuple[str, str]:
    return answer.x_cache, answer.said
