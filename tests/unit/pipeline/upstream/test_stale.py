"""Answers past their TTL: served where the upstream fails, or while one caller renews them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, FakeUpstream
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.errors import NotInCache, UpstreamError, UpstreamTimedOut
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.ports.upstream import UpstreamCall, UpstreamReply
from unit.pipeline.harness import Harness, ReceivedAnswer, let_tasks_run

TTL = 100
IF_ERROR = Policy(default_ttl_seconds=TTL, stale_if_error_seconds=60)
REVALIDATE = Policy(default_ttl_seconds=TTL, stale_while_revalidate_seconds=60)
AHEAD = Policy(default_ttl_seconds=TTL, refresh_ahead=0.2)


class UnhurriedUpstream(FakeUpstream):
    """Lets others come in while it thinks."""

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        await asyncio.sleep(0.01)
        return await super().send(call)


class StalledUpstream(FakeUpstream):
    """Begins a second stream, and says nothing in it."""

    async def _body(self, pieces: Sequence[bytes | Exception]) -> AsyncGenerator[bytes, None]:
        try:
            if len(self.calls) > 1:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.closed_early += 1
            raise
        async for piece in super()._body(pieces):
            yield piece


def directive(text: str) -> dict[str, Any]:
    return {"headers": {"cache-control": text}}


async def stored(
    policy: Policy, *, aged: int = TTL, **parts: Any
) -> tuple[Harness, ReceivedAnswer]:
    """An answer that was stored so many seconds ago."""
    harness = Harness(policy, **parts)
    first = await harness.ask()
    harness.exact.time += aged
    return harness, first


async def test_an_expired_answer_is_served_for_an_upstream_that_cannot_be_reached() -> None:
    harness, first = await stored(IF_ERROR, aged=TTL + 59)
    harness.upstream.unreachable = True

    answer = await harness.ask()

    assert (answer.x_cache, answer.outcome.reason) == ("STALE", "stale-if-error")
    assert (answer.status, answer.body) == (200, first.body)
    assert (answer.outcome.age_seconds, answer.outcome.ttl_seconds) == (TTL + 59, 0)
    assert answer.outcome.saved_tokens == 15


async def test_it_is_counted_as_stale_with_what_it_saved_and_as_no_miss() -> None:
    harness, _ = await stored(IF_ERROR)
    harness.upstream.unreachable = True

    await harness.ask()

    assert harness.exact.count_of("stale") == 1
    assert harness.exact.count_of("model:m:prompt_saved") == 10
    assert (harness.exact.count_of("misses"), harness.exact.count_of("model:m:misses")) == (1, 1)
    assert harness.exact.count_of("error:upstream") == 1
    assert harness.exact.count_of("exact_hits") == 0


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_so_it_does_for_a_refusal_or_a_fault_of_the_upstream(status: int) -> None:
    harness, first = await stored(IF_ERROR)
    harness.upstream.queue([b'{"error": {}}'], status=status)

    answer = await harness.ask()

    assert (answer.x_cache, answer.body) == ("STALE", first.body)
    assert harness.exact.count_of("misses") == 1


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_an_error_that_is_the_clients_own_is_passed_on(status: int) -> None:
    harness, _ = await stored(IF_ERROR)
    harness.upstream.queue([b'{"error": {}}'], status=status)

    answer = await harness.ask()

    assert (answer.x_cache, answer.status) == ("ERROR", status)


async def test_an_answer_that_breaks_off_before_it_is_whole_is_replaced() -> None:
    harness, first = await stored(IF_ERROR)
    harness.upstream.queue([b'{"id"', UpstreamTimedOut("too slow", upstream="fake")])

    assert (await harness.ask()).body == first.body


async def test_a_stream_comes_stale_as_a_stream() -> None:
    harness, _ = await stored(IF_ERROR)
    harness.upstream.unreachable = True

    result = await harness.ask(stream=True)

    assert result.x_cache == "STALE"
    assert result.body.endswith(b"data: [DONE]\n\n")
    assert b"answer 1" in result.body


@pytest.mark.parametrize("pieces", [[], [b'data: {"id"']], ids=["nothing", "half an event"])
async def test_a_stream_that_breaks_off_before_its_first_event_is_replaced(
    pieces: list[bytes],
) -> None:
    harness, _ = await stored(IF_ERROR)
    cut = UpstreamTimedOut("too slow", upstream="fake")
    harness.upstream.queue([*pieces, cut], headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert answer.x_cache == "STALE"
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert harness.exact.count_of("error:upstream_stream") == 1
    assert (harness.exact.count_of("stale"), harness.exact.count_of("misses")) == (1, 1)
    assert harness.exact.leases == {}


async def test_a_fresh_stream_comes_whole_where_a_stale_one_could_have_stood_in() -> None:
    harness, _ = await stored(IF_ERROR)

    result = await harness.ask(stream=True)

    assert result.x_cache == "MISS"
    assert b"answer 2" in result.body
    assert result.body.endswith(b"data: [DONE]\n\n")
    assert (await harness.ask()).said == "answer 2"


async def test_an_empty_stream_is_passed_on_as_it_came() -> None:
    harness, _ = await stored(IF_ERROR)
    harness.upstream.queue([], headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert (answer.x_cache, answer.body) == ("MISS", b"")


async def test_a_client_that_leaves_before_the_first_event_closes_the_upstreams_stream() -> None:
    harness, _ = await stored(IF_ERROR, upstream=StalledUpstream())

    task = asyncio.create_task(harness.ask(stream=True))
    await let_tasks_run()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await harness.proxy.drain()

    assert harness.upstream.closed_early == 1
    assert harness.exact.leases == {}


async def test_a_stream_that_has_begun_is_not_replaced() -> None:
    harness, _ = await stored(IF_ERROR)
    began = json.dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": "Be"}}]})
    cut = UpstreamTimedOut("too slow", upstream="fake")
    harness.upstream.queue([f"data: {began}\n\n".encode(), cut], headers=SSE_HEADERS)

    answer = await harness.ask(stream=True)

    assert answer.x_cache == "MISS"
    assert b"upstream_timeout" in answer.body


async def test_past_its_window_nothing_stale_is_served() -> None:
    harness, _ = await stored(IF_ERROR, aged=TTL + 60)
    harness.upstream.unreachable = True

    with pytest.raises(UpstreamError):
        await harness.ask()


async def test_without_a_window_nothing_is_kept_or_given() -> None:
    harness, _ = await stored(Policy(default_ttl_seconds=TTL))
    harness.upstream.unreachable = True
    before = harness.exact.calls

    with pytest.raises(UpstreamError):
        await harness.ask()

    [entry] = harness.exact.entries.values()
    assert isinstance(entry, Entry)
    assert entry.purge_at == entry.expires_at
    assert harness.exact.calls - before <= 3  # the lookup, the counts, the lease: no other look


@pytest.mark.parametrize(
    "asked", ["stale-if-error=9", "max-stale=9", "stale-if-error=60, max-stale=9"]
)
async def test_a_client_narrows_the_window(asked: str) -> None:
    harness, _ = await stored(IF_ERROR, aged=TTL + 10)
    harness.upstream.unreachable = True

    with pytest.raises(UpstreamError):
        await harness.ask(**directive(asked))


@pytest.mark.parametrize("asked", ["stale-if-error=999", "max-stale=999", "max-stale"])
async def test_a_client_does_not_widen_it(asked: str) -> None:
    harness, _ = await stored(IF_ERROR, aged=TTL + 59)
    harness.upstream.unreachable = True

    assert (await harness.ask(**directive(asked))).x_cache == "STALE"
    harness.exact.time += 1
    with pytest.raises(UpstreamError):
        await harness.ask(**directive(asked))


@pytest.mark.parametrize("asked", ["no-cache", "max-age=100"])
async def test_who_wants_no_stored_answer_or_a_younger_one_gets_none(asked: str) -> None:
    harness, _ = await stored(IF_ERROR, aged=TTL + 1)
    harness.upstream.unreachable = True

    with pytest.raises(UpstreamError):
        await harness.ask(**directive(asked))


async def test_a_clear_takes_expired_answers_too() -> None:
    harness, _ = await stored(IF_ERROR)
    harness.upstream.unreachable = True
    await harness.exact.cut("default", "all")

    with pytest.raises(UpstreamError):
        await harness.ask()


async def test_an_expired_answer_is_found_through_its_promotion_and_never_semantically() -> None:
    harness = Harness(IF_ERROR)
    harness.embedder.set_similarity("What is Rust?", "Tell me what Rust is", 0.94)
    harness.embedder.set_similarity("What is Rust?", "Rust: what is it?", 0.94)
    await harness.ask()
    assert (await harness.ask("Tell me what Rust is")).x_cache == "HIT-SEMANTIC"
    harness.exact.time += TTL
    harness.upstream.unreachable = True

    answer = await harness.ask("Tell me what Rust is")

    assert answer.x_cache == "STALE"
    assert answer.outcome.similarity == pytest.approx(0.94)
    with pytest.raises(UpstreamError):
        await harness.ask("Tell me what Rust is", headers={"x-cache-threshold": "0.99"})
    with pytest.raises(UpstreamError):
        await harness.ask("Rust: what is it?")


async def test_the_guard_reads_an_expired_answers_text_as_well() -> None:
    harness = Harness(IF_ERROR)
    await harness.ask("How do I polish my nails?")
    harness.exact.time += TTL
    harness.upstream.unreachable = True

    with pytest.raises(UpstreamError):
        await harness.ask("How do I Polish my nails?")
    await harness.proxy.drain()
    assert harness.exact.count_of("stale") == 0


async def test_those_who_waited_for_a_failure_get_the_expired_answer_as_well() -> None:
    harness, first = await stored(IF_ERROR, upstream=UnhurriedUpstream())
    harness.upstream.queue([b'{"error": {}}'], status=503)

    answer = await asyncio.gather(*(harness.ask() for _ in range(3)))

    assert {(one.x_cache, one.body) for one in answer} == {("STALE", first.body)}
    assert len(harness.upstream.calls) == 2
    assert harness.exact.count_of("stale") == 3
    assert (harness.exact.count_of("coalesced"), harness.exact.count_of("misses")) == (0, 1)


async def test_an_exact_tier_that_is_unavailable_changes_no_failure() -> None:
    harness, _ = await stored(IF_ERROR)
    harness.upstream.unreachable = harness.exact.away = True

    with pytest.raises(UpstreamError):
        await harness.begin()


async def test_while_it_is_renewed_the_expired_answer_is_given_at_once() -> None:
    harness, first = await stored(REVALIDATE)

    result = [await harness.ask() for _ in range(2)]

    assert [one.x_cache for one in result] == ["STALE", "HIT-EXACT"]
    assert (result[0].outcome.reason, result[0].body) == ("stale-while-revalidate", first.body)
    assert result[1].said == "answer 2"
    assert len(harness.upstream.calls) == 2


async def test_what_renewed_it_is_paid_for_and_no_result() -> None:
    harness, _ = await stored(REVALIDATE)

    await harness.ask()

    assert (harness.exact.count_of("stale"), harness.exact.count_of("misses")) == (1, 1)
    assert harness.exact.count_of("model:m:prompt_used") == 20


async def test_one_of_many_callers_renews_it() -> None:
    harness, _ = await stored(REVALIDATE)

    answers = await asyncio.gather(*(harness.begin() for _ in range(5)))
    await harness.proxy.drain()

    assert {answer.outcome.result for answer in answers} == {"STALE"}
    assert len(harness.upstream.calls) == 2


async def test_a_streamed_renewal_is_read_to_its_end() -> None:
    harness, _ = await stored(REVALIDATE)

    assert (await harness.ask(stream=True)).x_cache == "STALE"

    assert (await harness.ask(stream=True)).x_cache == "HIT-EXACT"


async def test_a_renewal_that_fails_ends_its_lease_and_the_next_caller_tries_again() -> None:
    harness, _ = await stored(REVALIDATE)
    harness.upstream.unreachable = True

    assert [(await harness.ask()).x_cache for _ in range(2)] == ["STALE", "STALE"]

    assert len(harness.upstream.calls) == 3
    assert harness.exact.leases == {}


async def test_where_too_much_is_under_way_nothing_is_renewed() -> None:
    harness, _ = await stored(REVALIDATE)
    over = asyncio.Event()

    async def busy() -> None:
        await over.wait()

    while harness.proxy.background.start(busy):
        pass
    answer = await harness.begin()
    over.set()
    await harness.proxy.drain()

    assert answer.outcome.result == "STALE"
    assert len(harness.upstream.calls) == 1


async def test_where_nothing_runs_after_an_answer_one_caller_waits_for_the_fresh_one() -> None:
    harness, _ = await stored(REVALIDATE, frozen=True)

    result = await asyncio.gather(*(harness.ask() for _ in range(3)))

    assert [one.x_cache for one in result] == ["MISS", "STALE", "STALE"]
    assert (result[0].outcome.reason, result[0].said) == ("renewed", "answer 2")
    assert harness.exact.count_of("stale") == 2
    assert harness.exact.count_of("misses") == 2


async def test_there_it_falls_back_on_the_expired_one() -> None:
    harness, first = await stored(REVALIDATE, frozen=True)
    harness.upstream.unreachable = True

    answer = await harness.ask()

    assert (answer.x_cache, answer.outcome.reason) == ("STALE", "stale-if-error")
    assert answer.body == first.body
    assert (harness.exact.count_of("stale"), harness.exact.count_of("misses")) == (1, 1)
    assert harness.exact.leases == {}


async def test_past_the_window_it_is_a_miss() -> None:
    harness, _ = await stored(REVALIDATE, aged=TTL + 60)

    assert (await harness.ask()).x_cache == "MISS"


async def test_without_single_flight_no_request_refreshes_and_nothing_stale_is_given() -> None:
    policy = Policy(default_ttl_seconds=TTL, stale_while_revalidate_seconds=60, coalesce=False)
    harness, _ = await stored(policy)

    assert (await harness.ask()).x_cache == "MISS"


async def test_who_takes_no_stale_answer_gets_a_fresh_one() -> None:
    harness, _ = await stored(REVALIDATE)

    assert (await harness.ask(**directive("max-stale=0"))).x_cache == "MISS"


async def test_only_if_cached_gets_no_answer_that_would_have_to_be_refreshed() -> None:
    harness, _ = await stored(REVALIDATE)

    with pytest.raises(NotInCache):
        await harness.ask(**directive("only-if-cached"))


@pytest.mark.parametrize(("aged", "calls"), [(79, 1), (80, 2)])
async def test_in_the_last_part_of_its_ttl_a_hit_is_renewed_ahead(aged: int, calls: int) -> None:
    harness, _ = await stored(AHEAD, aged=aged)

    result = await harness.ask()

    assert (result.x_cache, result.said) == ("HIT-EXACT", "answer 1")
    assert len(harness.upstream.calls) == calls


async def test_where_nothing_runs_after_an_answer_a_renewal_that_fails_costs_no_hit() -> None:
    harness, first = await stored(AHEAD, aged=90, frozen=True)
    harness.upstream.unreachable = True

    answer = await harness.ask()

    assert (answer.x_cache, answer.body) == ("HIT-EXACT", first.body)
    assert (harness.exact.count_of("exact_hits"), harness.exact.count_of("misses")) == (1, 1)
