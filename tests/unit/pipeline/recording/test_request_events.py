"""Facts about the event of a request when its answer ends."""

import json

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.metrics.pricing import Price, PriceList
from llm_cache_proxy.domain.metrics.request_event import RequestEvent, Usage
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter, RecentDecisions
from llm_cache_proxy.pipeline.recording.request_events import (
    CLIENT_LEFT_STATUS,
    RequestEventDraft,
    RequestEvents,
)
from llm_cache_proxy.pipeline.request.answer import Outcome
from llm_cache_proxy.pipeline.request.state import RequestFacts, RequestState

PRICES = PriceList({"m": Price(100, 2_000), "unpriced": None}, {"m": "m", "unpriced": "unpriced"})


class ReceivedAnswer:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.served: list[RequestEvent] = []
        self.closed = False

    def write(self, served: RequestEvent) -> None:
        self.served.append(served)

    def close(self) -> None:
        self.closed = True


def a_record(
    state: RequestState | None = None, correlation_id: str | None = None
) -> RequestEventDraft:
    outcome = Outcome(Result.MISS, "not-found", entry_id="e", timings={"exact": 1.0})
    return RequestEventDraft(
        "r-1", correlation_id, tenant="t", model="m", outcome=outcome, state=state
    )


def write(request_events: RequestEvents, record: RequestEventDraft) -> None:
    request_events.write(record, status=200, latency_ms=5.0, duration_ms=9.0)


def event_of(state: RequestState | None) -> RequestEvent:
    sink = ReceivedAnswer()
    write(RequestEvents(PRICES, [sink]), a_record(state))
    [served] = sink.served
    return served


def test_every_sink_gets_each_request_event() -> None:
    one, other = ReceivedAnswer(), ReceivedAnswer()

    write(RequestEvents(PRICES, [one, other]), a_record(RequestState(), correlation_id="c-1"))

    [served] = one.served
    assert other.served == [served]
    assert (served.request_id, served.correlation_id) == ("r-1", "c-1")
    assert (served.tenant, served.model, served.status) == ("t", "m", 200)
    assert (served.result, served.reason, served.entry) == ("MISS", "not-found", "e")
    assert (served.latency_ms, served.duration_ms, served.timings) == (5.0, 9.0, {"exact": 1.0})


def test_counts_are_reported_by_their_kind() -> None:
    state = RequestState()
    state.counts.add({"veto:numbers": 2, "error:search": 1, "shadow:right": 1, "misses": 1})

    served = event_of(state)

    assert served.vetoes == {"numbers": 2}
    assert served.failures == {"search": 1}
    assert served.samples == {"right": 1}


def test_what_a_prompt_was_compared_with_is_reported_where_that_did_not_serve() -> None:
    state = RequestState()
    state.facts.compared_with("near", 0.91)
    sink = ReceivedAnswer()
    served = a_record(state)
    missed = a_record(state)
    missed.outcome = Outcome(Result.MISS, "guard:numbers", similarity=0.91)

    for record in (served, missed):
        write(RequestEvents(PRICES, [sink]), record)

    assert [event.nearest for event in sink.served] == [None, "near"]
    assert [event.line().get("nearest") for event in sink.served] == [None, "near"]


@pytest.mark.parametrize(
    ("model", "nano_dollars"), [("m", 10 * 100 + 5 * 2_000), ("unpriced", None)]
)
def test_an_answer_has_a_price_where_its_models_is_known(
    model: str, nano_dollars: int | None
) -> None:
    usage = Usage(model, 10, 5, saved=False)

    served = event_of(RequestState(facts=RequestFacts(usage=usage)))

    assert (served.usage, served.nano_dollars) == (usage, nano_dollars)


def test_an_answer_without_a_state_is_reported_without_price_and_prompt() -> None:
    served = event_of(None)

    assert (served.usage, served.nano_dollars, served.prompt) == (None, None, None)
    assert (served.vetoes, served.failures, served.samples) == ({}, {}, {})


def test_a_request_that_never_reached_the_cache_is_not_reported() -> None:
    sink = ReceivedAnswer()

    write(RequestEvents(PRICES, [sink]), RequestEventDraft("r-1"))

    assert sink.served == []


def test_a_client_that_left_before_the_answer_began_is_reported_as_an_error() -> None:
    sink = ReceivedAnswer()

    RequestEvents(PRICES, [sink]).write(
        RequestEventDraft("r-1"), status=CLIENT_LEFT_STATUS, latency_ms=5.0, duration_ms=5.0
    )

    [served] = sink.served
    assert (served.result, served.reason) == ("ERROR", "client-left")


def test_a_stream_that_failed_after_its_headers_is_reported_as_an_error() -> None:
    state = RequestState()
    state.counts.add_result({"error": 1})

    served = event_of(state)

    assert (served.result, served.reason) == ("ERROR", "upstream-error")
    assert served.counted == {"error": 1}


def test_what_is_counted_after_the_event_is_no_requests_result() -> None:
    state = RequestState()

    event_of(state)

    assert not state.has_client


def test_closing_the_events_closes_every_sink() -> None:
    sinks = [ReceivedAnswer(), ReceivedAnswer()]

    RequestEvents(PRICES, sinks).close()

    assert [sink.closed for sink in sinks] == [True, True]


def test_closing_the_events_lets_the_console_write_what_waits() -> None:
    console = ReceivedAnswer()

    RequestEvents(PRICES, console=console).close()

    assert console.closed


async def recent(
    *,
    with_prompts: bool,
    tenant: str | None = "t",
    of: str = "t",
    similarity: float | None = None,
) -> list[dict[str, object]]:
    """What the exact tier holds of decisions after a request and its tenant's next call."""
    exact = MemoryExact()
    counter_writer = CounterWriter(exact, 1.0)
    record = a_record(RequestState(facts=RequestFacts(prompt="p" * 5_000)))
    record.tenant = tenant
    assert record.outcome is not None
    record.outcome.similarity = similarity
    request_events = RequestEvents(
        PRICES, [RecentDecisions(counter_writer, "nobody", with_prompts=with_prompts)]
    )

    write(request_events, record)
    request_events.close()
    await counter_writer.drain()

    return [json.loads(line) for line in await exact.recent(of, 0, 50)]


async def test_a_decision_rides_with_its_tenants_counts_and_holds_no_prompt() -> None:
    [line] = await recent(with_prompts=False)

    assert (line["request_id"], line["result"]) == ("r-1", "MISS")
    assert "prompt" not in line


async def test_a_decision_shows_the_beginning_of_a_prompt_where_that_is_wanted() -> None:
    [line] = await recent(with_prompts=True)

    assert line["prompt"] == "p" * 200


async def test_a_compared_prompt_is_kept_for_the_operator_who_judges_the_pair() -> None:
    [line] = await recent(with_prompts=True, similarity=0.9)

    assert line["prompt"] == "p" * 2_000


async def test_a_request_without_a_tenant_is_kept_apart() -> None:
    assert await recent(with_prompts=True, tenant=None) == []

    [line] = await recent(with_prompts=True, tenant=None, of="nobody")
    assert "tenant" not in line


def test_the_console_gets_what_every_sink_gets_and_what_was_called() -> None:
    console = ReceivedAnswer()
    draft = a_record(RequestState())
    draft.method, draft.path = "POST", "/v1/chat/completions"

    write(RequestEvents(PRICES, console=console), draft)

    [served] = console.served
    assert (served.method, served.path) == ("POST", "/v1/chat/completions")
    assert served.result == "MISS"


def test_the_console_alone_gets_a_request_that_no_tier_saw() -> None:
    sink, console = ReceivedAnswer(), ReceivedAnswer()
    draft = RequestEventDraft("r-1", method="GET", path="/v1/models")

    write(RequestEvents(PRICES, [sink], console), draft)

    [served] = console.served
    assert (served.path, served.result, served.status) == ("/v1/models", "", 200)
    assert sink.served == []


def test_a_request_that_no_tier_saw_leaves_no_event_without_a_console() -> None:
    sink = ReceivedAnswer()

    write(RequestEvents(PRICES, [sink]), RequestEventDraft("r-1"))

    assert sink.served == []


def test_without_sinks_there_are_no_events() -> None:
    draft = a_record(RequestState())

    write(RequestEvents(PRICES), draft)

    assert draft.outcome is not None
