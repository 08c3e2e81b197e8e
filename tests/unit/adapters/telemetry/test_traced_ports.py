"""Facts about the spans around the pipeline's ports, and that they change no answer."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from fakes.tracer import FakeTracer
from llm_cache_proxy.adapters.telemetry.request_spans import RequestSpans, event_facts
from llm_cache_proxy.adapters.telemetry.traced_ports import TracedGuard, traced_ports
from llm_cache_proxy.adapters.telemetry.traced_upstream import Address, TracedUpstream
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.pipeline.composition import compose
from llm_cache_proxy.ports.upstream import Route, UpstreamCall, UpstreamReply
from llm_cache_proxy.ports.verifier import Kind, Question
from samples.request_events import SAVED, an_event
from unit.pipeline.harness import Harness

CALL = UpstreamCall("POST", "/chat/completions", "", {}, b"", "m", (), streaming=True)


def traced(harness: Harness, tracer: FakeTracer) -> Harness:
    """The same harness over traced ports."""
    composed = harness.pipeline
    ports = traced_ports(composed.ports, tracer, {})
    guard = TracedGuard(composed.options.guard, tracer)
    options = replace(composed.options, guard=guard)
    harness.pipeline = compose(ports, composed.policy, options)
    harness.proxy = harness.pipeline.proxy
    return harness


class PiecesUpstream:
    """An upstream whose answer is these pieces, or an error."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        self._pieces = pieces
        self._error = error
        self.headers: dict[str, str] = {}

    def routes(self, model: str, _: str = "") -> list[Route]:
        return [Route("groq", model)]

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        self.headers = dict(call.headers)
        if self._error is not None:
            raise self._error
        return UpstreamReply(200, {}, self._body(), Route("groq", "m"))

    async def models(self) -> list[dict[str, object]]:
        return [{"id": "m"}]

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _body(self) -> AsyncGenerator[bytes, None]:
        for piece in self._pieces:
            yield piece


async def test_a_traced_pipeline_answers_as_it_did() -> None:
    tracer = FakeTracer()
    harness = traced(Harness(), tracer)
    harness.embedder.set_similarity("What is Rust?", "Tell me what Rust is", 0.94)

    results = [(await harness.ask(text)).x_cache for text in ("What is Rust?", "What is Rust?")]
    results.append((await harness.ask("Tell me what Rust is")).x_cache)

    assert results == ["MISS", "HIT-EXACT", "HIT-SEMANTIC"]
    assert {span.name for span in tracer.spans} == {
        *("exact lookup", "embed", "search", "chat m", "store", "verdict", "exact promote"),
    }
    assert all(span.ended for span in tracer.spans)


async def test_a_part_that_fails_fails_its_span_alone() -> None:
    tracer = FakeTracer()
    harness = traced(Harness(), tracer)
    harness.vectors.away = True

    answer = await harness.ask()

    failures = {span.name: span.failure for span in tracer.spans if span.failure}
    assert answer.status == 200
    assert failures == {"search": "VectorStoreUnavailable", "store": "VectorStoreUnavailable"}


async def test_a_verifiers_word_is_a_verdict() -> None:
    tracer = FakeTracer()
    ports = traced_ports(Harness().pipeline.ports, tracer, {})
    assert ports.verifier is not None

    ruling = await ports.verifier.rule(Question(Kind.PROMPTS, "a", "b", "m"))

    [span] = tracer.spans
    assert span.facts["llm_cache.accepted"] == ruling.approved
    assert (span.name, span.facts["llm_cache.judge"]) == ("verdict", "verifier")


def test_a_veto_names_its_rule_and_no_text() -> None:
    tracer = FakeTracer()

    verdict = TracedGuard(Guard(), tracer).compare("Is 5 prime?", "Is 6 prime?")

    assert tracer.spans[0].facts == {
        "llm_cache.judge": "guard",
        "llm_cache.accepted": False,
        "llm_cache.rule": verdict.rule,
    }


def test_a_close_comparison_is_a_span_and_keeps_to_the_rules_in_force() -> None:
    tracer = FakeTracer()
    guard = Guard(frozenset({"numbers"}))

    verdict, traits = TracedGuard(guard, tracer).compare_closely("Is 5 prime?", "Is 6 prime?")

    assert (verdict, traits) == guard.compare_closely("Is 5 prime?", "Is 6 prime?")
    assert tracer.spans[0].facts["llm_cache.judge"] == "guard"


async def test_an_upstreams_span_lasts_until_the_last_byte_and_knows_what_it_cost() -> None:
    tracer = FakeTracer()
    pieces = (b'{"model": "m-1", "text": "', b"x" * 9_000, b'", "usage": {"prompt_tokens": 3}}')
    upstream = PiecesUpstream(*pieces)
    reply = await TracedUpstream(upstream, tracer, {"groq": Address("h", 443)}).send(CALL)
    [span] = tracer.spans
    before = span.ended

    body = b"".join([piece async for piece in reply.body])

    assert (before, span.ended) == (0, 1)
    assert body == b"".join(pieces)
    assert upstream.headers == {"traceparent": "of trace-1"}
    assert (span.facts["server.address"], span.facts["server.port"]) == ("h", 443)
    assert span.facts["gen_ai.response.model"] == "m-1"
    assert span.facts["gen_ai.usage.input_tokens"] == 3


async def test_an_answer_cannot_name_another_model_in_its_text() -> None:
    tracer = FakeTracer()
    upstream = PiecesUpstream(rb'{"text": "\"model\": \"other\"", "model": "m"}')

    reply = await TracedUpstream(upstream, tracer, {}).send(CALL)
    async with aclosing(reply.body) as pieces:
        assert [piece async for piece in pieces]

    assert tracer.spans[0].facts["gen_ai.response.model"] == "m"


async def test_an_upstream_that_is_away_fails_its_span() -> None:
    tracer = FakeTracer()
    upstream = PiecesUpstream(error=UpstreamUnreachable("away", upstream="groq"))

    with pytest.raises(UpstreamUnreachable):
        await TracedUpstream(upstream, tracer, {}).send(CALL)

    [span] = tracer.spans
    assert (span.failure, span.ended) == ("UpstreamUnreachable", 1)


def test_a_request_event_is_facts_without_its_prompt() -> None:
    event = an_event(result="HIT-SEMANTIC", similarity=0.9, usage=SAVED, prompt="a secret")

    facts = event_facts(event)

    assert "a secret" not in facts.values()
    assert facts["llm_cache.similarity"] == 0.9
    assert facts["gen_ai.usage.input_tokens"] == SAVED.prompt_tokens


@pytest.mark.parametrize(
    ("status", "result", "failure"),
    [(200, "MISS", None), (404, "REFUSED", None), (200, "ERROR", "not-found"), (502, "", "502")],
)
def test_the_servers_failures_fail_the_requests_span(
    status: int, result: str, failure: str | None
) -> None:
    tracer = FakeTracer()
    tracer.step("request", {})

    RequestSpans(tracer).write(an_event(status=status, result=result))

    assert tracer.spans[0].failure == failure
