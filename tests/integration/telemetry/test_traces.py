"""Spans of the running command, as a collector of OpenTelemetry receives them."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from servers.otlp import CLIENT, SERVER, Collector, ReceivedSpan
from servers.proxy.process import ProxyProcess, proxy_process
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer

MODEL = "gpt-4o-mini"
UPSTREAM_KEY, COLLECTOR_KEY = "sk-the-operators-own", "the-collectors-own"
SECRET_WORDS = ("Zanzibar", "zanzibar", UPSTREAM_KEY, "a-clients-key")


@dataclass
class Place:
    """A traced proxy, its upstream and its collector."""

    proxy: ProxyProcess
    upstream: ScriptedUpstream
    collector: Collector


@dataclass
class TracedAnswer:
    """One request of a client that traces: what came back, and what the collector got."""

    response: httpx.Response
    spans: list[ReceivedSpan]
    parent_id: str
    traceparent: str
    server: ReceivedSpan = field(init=False)

    def __post_init__(self) -> None:
        [self.server] = [span for span in self.spans if span.kind == SERVER]

    @property
    def steps(self) -> list[str]:
        assert all(s.parent_id == self.server.span_id for s in self.spans if s is not self.server)
        return [span.name for span in self.spans if span is not self.server]

    def step(self, name: str) -> ReceivedSpan:
        return next(span for span in self.spans if span.name == name)


async def embed(_: Request) -> Response:
    """One direction for every text: everything is near, and the guard decides."""
    return JSONResponse({"embedding": [1.0, *[0.0] * 383]})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    collector = Collector()
    with ExitStack() as stack:
        embedder = Starlette(routes=[Route("/", embed, methods=["POST"])])
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        proxy = stack.enter_context(
            proxy_process(
                tmp_path_factory.mktemp("traced") / "data",
                EMBEDDING_URL=f"{stack.enter_context(ThreadServer(embedder).running()).url}/",
                UPSTREAM_BASE_URL=upstream.base_url,
                UPSTREAM_API_KEY=UPSTREAM_KEY,
                OTEL_EXPORTER_OTLP_ENDPOINT=stack.enter_context(
                    ThreadServer(collector.app).running()
                ).url,
                OTEL_EXPORTER_OTLP_HEADERS=f"x-collector-key={COLLECTOR_KEY}",
                OTEL_BSP_SCHEDULE_DELAY="100",
                OTEL_METRIC_EXPORT_INTERVAL="200",
            )
        )
        yield Place(proxy, upstream, collector)


def ask(place: Place, text: str, *, steps: int = 0, **fields: Any) -> TracedAnswer:
    """Ask, and wait for the request's span and so many of its steps."""
    trace_id, parent_id = secrets.token_hex(16), secrets.token_hex(8)
    traceparent = f"00-{trace_id}-{parent_id}-01"
    response = httpx.post(
        f"{place.proxy.base_url}/chat/completions",
        json={"model": MODEL, "messages": [{"role": "user", "content": text}], **fields},
        headers={"traceparent": traceparent, "authorization": "Bearer a-clients-key"},
        timeout=60,
    )
    spans = place.collector.trace(trace_id, steps)
    return TracedAnswer(response, spans, parent_id, traceparent)


def test_a_miss_is_a_tree_of_its_steps_and_its_trace_goes_on_to_the_upstream(place: Place) -> None:
    asked = ask(place, "How far is Zanzibar?", steps=6)

    assert asked.steps == [
        "exact lookup",
        "embed",
        "search",
        f"chat {MODEL}",
        "store",
        "store",
    ]
    assert (asked.server.name, asked.server.parent_id) == (
        "POST /v1/chat/completions",
        asked.parent_id,
    )
    upstream = asked.step(f"chat {MODEL}")
    sent = place.upstream.requests[-1].headers["traceparent"]
    assert sent == f"00-{upstream.trace_id}-{upstream.span_id}-01"
    assert upstream.kind == CLIENT


def test_spans_have_the_attributes_of_the_gen_ai_conventions(place: Place) -> None:
    asked = ask(place, "How old is Zanzibar?")

    usage = asked.response.json()["usage"]
    tokens = {
        "gen_ai.usage.input_tokens": usage["prompt_tokens"],
        "gen_ai.usage.output_tokens": usage["completion_tokens"],
    }
    assert asked.step(f"chat {MODEL}").facts == {
        "llm_cache.step": "upstream",
        "llm_cache.streaming": False,
        "llm_cache.upstream.attempts": 1,
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": place.upstream.port,
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "upstream",
        "gen_ai.request.model": MODEL,
        "gen_ai.response.model": asked.response.json()["model"],
        **tokens,
    }
    assert tokens.items() <= asked.server.facts.items()
    assert asked.server.facts["llm_cache.result"] == asked.response.headers["x-cache"] == "MISS"
    assert asked.server.facts["llm_cache.reason"] == asked.response.headers["x-cache-reason"]
    assert asked.server.facts["llm_cache.request_id"] == asked.response.headers["x-request-id"]


def test_an_exact_hit_is_one_lookup(place: Place) -> None:
    ask(place, "How wet is Zanzibar?")

    asked = ask(place, "How wet is Zanzibar?")

    assert asked.steps == ["exact lookup"]
    assert asked.server.facts["llm_cache.result"] == "HIT-EXACT"
    assert asked.server.facts["llm_cache.entry"] == asked.response.headers["x-cache-entry"]
    assert asked.server.facts["llm_cache.tokens_saved"] is True


def test_a_semantic_hit_shows_the_search_and_the_verdict(place: Place) -> None:
    ask(place, "What is Zanzibar?", temperature=0.5)

    asked = ask(place, "Tell me what Zanzibar is", steps=5, temperature=0.5)

    assert asked.steps == ["exact lookup", "embed", "search", "verdict", "exact promote"]
    assert asked.step("verdict").facts["llm_cache.accepted"] is True
    assert asked.server.facts["llm_cache.result"] == "HIT-SEMANTIC"
    assert asked.server.facts["llm_cache.similarity"] == pytest.approx(1.0)


def test_a_stream_ends_its_spans_with_its_last_byte(place: Place) -> None:
    asked = ask(place, "Who saw Zanzibar?", stream=True)

    assert asked.response.content.endswith(b"data: [DONE]\n\n")
    assert asked.steps[-3:] == ["store", "store", f"chat {MODEL}"]
    assert asked.step(f"chat {MODEL}").facts["llm_cache.streaming"] is True
    assert asked.step(f"chat {MODEL}").facts["gen_ai.usage.output_tokens"] > 0


def test_a_failed_upstream_fails_its_span_and_the_requests(place: Place) -> None:
    place.upstream.when(answer({"error": {"message": "no"}}, 503), prompt="Why is Zanzibar?")

    asked = ask(place, "Why is Zanzibar?")

    upstream = asked.step(f"chat {MODEL}")
    assert asked.response.status_code == 503
    assert (upstream.failed, upstream.facts["error.type"]) == (True, "503")
    assert (asked.server.failed, asked.server.facts["error.type"]) == (True, "503")
    assert asked.server.facts["llm_cache.result"] == "ERROR"
    assert "store" not in asked.steps


def test_requests_are_counted_by_result_and_timed(place: Place) -> None:
    ask(place, "Is Zanzibar counted?")

    [requests] = place.collector.points("llm_cache.requests", llm_cache__result="MISS")
    [duration] = place.collector.points("llm_cache.request.duration", llm_cache__result="MISS")
    tokens = place.collector.points("llm_cache.tokens", llm_cache__outcome="used")
    dollars = place.collector.points("llm_cache.dollars", llm_cache__outcome="used")

    assert requests["point"].as_int >= 1
    assert duration["point"].count >= 1
    assert {point["labels"]["gen_ai.token.type"] for point in tokens} == {"input", "output"}
    assert dollars[0]["point"].as_double > 0


def test_neither_prompts_nor_secrets_reach_the_collector(place: Place) -> None:
    ask(place, "What else is Zanzibar?")

    spans = b"".join(place.collector.received)

    assert not [word for word in SECRET_WORDS if word.encode() in spans]
    assert {each["x-collector-key"] for each in place.collector.headers} == {COLLECTOR_KEY}
    assert {span.service for span in place.collector.spans} == {"llm-cache-proxy"}
