"""Facts about request events: in a file, in CloudWatch, on the dashboard."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from fakes.upstream import completion
from llm_cache_proxy.adapters.request_sink.cloudwatch import CloudWatchRequests
from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.middleware.request_events import CURRENT, RequestEventMiddleware
from llm_cache_proxy.bootstrap.functions.logs import log_as_json
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.domain.requests.shadow_rules import LEAST_SAMPLES, ShadowRules
from llm_cache_proxy.pipeline.recording.counter_writer import RecentDecisions
from llm_cache_proxy.pipeline.recording.request_events import (
    RequestEventDraft,
    RequestEvents,
)
from llm_cache_proxy.pipeline.request.answer import Outcome
from llm_cache_proxy.pipeline.request.state import RequestState
from samples.stack.monitoring import GIVEN, monitoring
from servers.asgi import serving
from unit.api.service import service_over
from unit.pipeline.harness import Harness

if TYPE_CHECKING:
    from llm_cache_proxy.ports.request_sink import RequestSink

SECRET_PROMPT = "What is the capital of the secret country?"


@dataclass
class Watched:
    """A proxy over fakes, and the events that it has written."""

    harness: Harness
    log: io.StringIO
    client: httpx.AsyncClient

    async def ask(self, text: str = SECRET_PROMPT, **changes: Any) -> httpx.Response:
        headers = changes.pop("headers", {})
        body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **changes}
        return await self.client.post("/v1/chat/completions", json=body, headers=headers)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    async with watching(Harness()) as made:
        yield made


@asynccontextmanager
async def watching(harness: Harness) -> AsyncIterator[Watched]:
    answer = io.StringIO()
    sinks: list[RequestSink] = [
        CloudWatchRequests("test", answer),
        RecentDecisions(harness.proxy.counter_writer, "default", with_prompts=False),
    ]
    service = service_over(
        harness,
        max_body_bytes=10_000,
        close=harness.proxy.counter_writer.drain,
        request_events=RequestEvents(default_prices(), sinks),
    )
    async with (
        serving(create_app(service)) as url,
        httpx.AsyncClient(base_url=url, timeout=30) as client,
    ):
        yield Watched(harness, answer, client)


async def test_a_miss_and_its_hit_have_a_line_each_with_tokens_and_time(watched: Watched) -> None:
    first = await watched.ask()
    second = await watched.ask(headers={"x-correlation-id": "order-66"})

    missed, hit = watched.lines
    assert (missed["result"], missed["reason"], missed["status"]) == ("MISS", "not-found", 200)
    assert (missed["TokensUsed"], hit["TokensSaved"]) == ([15], [15])
    assert (hit["result"], hit["entry"]) == ("HIT-EXACT", second.headers["x-cache-entry"])
    assert missed["request_id"] == first.headers["x-request-id"]
    assert (missed["tenant"], missed["model"]) == ("default", "gpt-4o-mini")
    assert hit["correlation_id"] == "order-66"
    assert 0 < hit["latency_ms"] <= hit["duration_ms"]


async def test_a_stream_has_its_line_when_it_has_ended_with_its_tokens(watched: Watched) -> None:
    await watched.ask(stream=True)

    [line] = watched.lines
    assert (line["prompt_tokens"], line["completion_tokens"]) == (10, 5)


async def test_no_line_holds_a_prompt_or_an_answer(watched: Watched) -> None:
    await watched.ask()
    await watched.ask(SECRET_PROMPT + " Please.")
    await watched.ask(model=7)
    await watched.harness.proxy.counter_writer.drain()

    recent = await watched.harness.exact.recent("default", 0, 50)
    everything = watched.log.getvalue() + "".join(recent)
    assert len(watched.lines) == 3
    assert "secret" not in everything
    assert "answer 1" not in everything


@pytest.mark.parametrize(
    ("path", "body", "tier", "status"),
    [
        ("/v1/chat/completions", b"{", "REFUSED", 400),
        ("/v1/nothing/here", b"{}", "BYPASS", 200),
    ],
)
async def test_what_is_refused_or_passed_through_has_a_line_too(
    watched: Watched, path: str, body: bytes, tier: str, status: int
) -> None:
    await watched.client.post(path, content=body, headers={"content-type": "application/json"})

    [line] = watched.lines
    assert (line["tier"], line["status"]) == (tier, status)


async def test_an_upstream_that_is_unavailable_is_reported_as_its_error(watched: Watched) -> None:
    watched.harness.upstream.unreachable = True

    response = await watched.ask()

    [line] = watched.lines
    assert (response.status_code, line["status"], line["UpstreamErrors"]) == (502, 502, [1])


def alarmed() -> Iterator[tuple[str, str]]:
    """Each of our metrics that an alarm reads, and the tier that it reads it of."""
    for alarm in monitoring(ReservedConcurrency="20").resources.values():
        if alarm["Type"] != "AWS::CloudWatch::Alarm":
            continue
        given = alarm["Properties"]
        stats = [
            one["MetricStat"]["Metric"] for one in given.get("Metrics", []) if "MetricStat" in one
        ]
        for metric in [*stats, *([given] if "MetricName" in given else [])]:
            if metric["Namespace"] == GIVEN["Namespace"]:
                [dimension] = metric["Dimensions"]
                yield metric["MetricName"], dimension["Value"]


async def test_what_each_alarm_waits_for_is_written_with_the_tier_that_it_names(
    watched: Watched,
) -> None:
    """A metric of another tier is another metric: an alarm on one that never comes stays silent."""
    watched.harness.embedder.set_similarity(SECRET_PROMPT, "Which is it?", 0.99)
    sampling = Harness(shadow=ShadowRules(rate=0.01), frozen=True)
    sampling.embedder.set_similarity(SECRET_PROMPT, "Which is it?", 0.99)

    for text in (SECRET_PROMPT, SECRET_PROMPT, "Which is it?"):
        await watched.ask(text)
    await watched.ask(headers={"x-bypass-cache": "true"})
    await watched.ask("What is not looked up?", headers={"cache-control": "no-cache"})
    watched.harness.exact.away = True
    await watched.ask("What does the cache say?")
    watched.harness.upstream.unreachable = True
    await watched.ask("What does the upstream say?")
    async with watching(sampling) as sampled:
        await sampled.ask()
        for _ in range(LEAST_SAMPLES):
            sampling.upstream.queue([json.dumps(completion("Another city.")).encode()], 200)
            await sampled.ask("Which is it?", headers={"x-cache-mode": "read-only"})
        lines = [*watched.lines, *sampled.lines]

    written = {
        (metric["Name"], line["tier"])
        for line in lines
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    assert {*alarmed()} - written == set()
    assert len({*alarmed()}) >= 9


async def test_a_client_that_leaves_midway_has_a_line() -> None:
    answer = io.StringIO()

    async def left(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        scope["state"]["event_draft"].outcome = Outcome(Result.MISS, "not-found")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise asyncio.CancelledError

    app = RequestEventMiddleware(
        left, RequestEvents(default_prices(), [CloudWatchRequests("test", answer)])
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://p", timeout=30
    ) as client:
        with pytest.raises(asyncio.CancelledError):
            await client.get("/v1/anything")

    [line] = answer.getvalue().splitlines()
    assert json.loads(line)["result"] == "MISS"


async def test_the_line_is_written_before_the_answers_last_piece_is_sent() -> None:
    answer, order = io.StringIO(), list[bool]()

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        scope["state"]["event_draft"].outcome = Outcome(Result.MISS, "not-found")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(_: Message) -> None:
        order.append(bool(answer.getvalue()))

    app = RequestEventMiddleware(
        answering, RequestEvents(default_prices(), [CloudWatchRequests("test", answer)])
    )
    await app({"type": "http", "path": "/v1/x", "headers": []}, never_called, send)

    assert order == [False, False, True]


async def never_called() -> Message:
    raise AssertionError


async def test_health_and_the_like_have_no_line(watched: Watched) -> None:
    await watched.client.get("/health")

    assert watched.lines == []


async def test_recent_decisions_ride_with_the_next_call_and_cost_none_of_their_own(
    watched: Watched,
) -> None:
    await watched.ask()
    await watched.ask()
    before = watched.harness.exact.calls

    await watched.ask()

    assert watched.harness.exact.calls == before + 1
    answer = [json.loads(line) for line in await watched.harness.exact.recent("default", 0, 50)]
    assert [line["result"] for line in answer] == ["HIT-EXACT", "MISS"]


async def test_prompts_are_among_recent_decisions_where_they_are_switched_on() -> None:
    harness = Harness()
    sink = RecentDecisions(harness.proxy.counter_writer, "default", with_prompts=True)
    state = RequestState()
    answer = await harness.begin("x" * 500, state=state)
    record = RequestEventDraft("req_1", tenant="default", outcome=answer.outcome, state=state)
    RequestEvents(default_prices(), [sink]).write(record, status=200, latency_ms=1, duration_ms=1)
    await harness.proxy.counter_writer.drain()

    [line] = await harness.exact.recent("default", 0, 50)
    assert json.loads(line)["prompt"] == "x" * 200


def test_log_lines_of_a_function_are_json_and_name_the_request(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    CURRENT.set(RequestEventDraft("req_1", "order-66"))
    try:
        log_as_json("INFO")
        logging.getLogger("somewhere").warning("the %s tier failed", "exact")
    finally:
        root.handlers[:] = before
        root.setLevel(level)

    line = json.loads(capsys.readouterr().out)
    assert (line["level"], line["message"]) == ("WARNING", "the exact tier failed")
    assert (line["request_id"], line["correlation_id"]) == ("req_1", "order-66")
