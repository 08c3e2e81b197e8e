"""A function's answer ends when what it left behind is done: nothing runs after it."""

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from llm_cache_proxy.adapters.request_sink.cloudwatch import CloudWatchRequests
from llm_cache_proxy.api.app import Service, create_app
from llm_cache_proxy.api.aws.function_app import FunctionApp, Served
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.shadow_rules import LEAST_SAMPLES, ShadowRules
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents
from servers.asgi import serving
from unit.api.service import service_over
from unit.pipeline.harness import Harness

PROMPT = "What is Rust?"
LIKELY = "Tell me what Rust is"
GREY = "Rust, what is that?"


@pytest.fixture
def harness() -> Harness:
    rules = ShadowRules(rate=1.0)
    made = Harness(Policy(threshold=0.86, verified=True), shadow=rules, frozen=True)
    made.embedder.set_similarity(PROMPT, GREY, 0.88)
    made.verifier.same(PROMPT, GREY)
    return made


def service(harness: Harness, request_events: RequestEvents) -> Service:
    return service_over(harness, max_body_bytes=10_000, request_events=request_events)


@pytest.fixture
async def client(harness: Harness) -> AsyncIterator[httpx.AsyncClient]:
    def made() -> Served:
        serving_with = service(harness, RequestEvents(default_prices(), []))
        return Served(serving_with, create_app(serving_with))

    app = FunctionApp(made(), restored=made, prime=lambda: None)
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@pytest.mark.parametrize("stream", [False, True])
async def test_a_verdict_that_runs_beside_is_there_when_the_answer_ends(
    harness: Harness, client: httpx.AsyncClient, *, stream: bool
) -> None:
    async def ask(text: str) -> httpx.Response:
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": stream}
        headers = {"cache-control": "no-store"} if text == GREY else {}
        return await client.post("/v1/chat/completions", json=body, headers=headers)

    await ask(PROMPT)
    missed = await ask(GREY)
    judged = harness.exact.verdicts_held
    sampled = await ask(GREY)

    assert (missed.headers["x-cache"], missed.headers["x-cache-reason"]) == ("MISS", "unverified")
    assert judged == [True]
    assert sampled.headers["x-cache-reason"] == "shadow"
    assert (await harness.exact.standing("default")).samples == 1


async def test_a_threshold_that_a_sample_raises_reaches_the_alarms_metric() -> None:
    answer, rules = io.StringIO(), ShadowRules(rate=1.0)
    harness = Harness(shadow=rules, frozen=True)
    harness.embedder.set_similarity(PROMPT, LIKELY, 0.94)
    for _ in range(LEAST_SAMPLES):
        await harness.exact.sampled("default", wrong=True)
    request_events = RequestEvents(default_prices(), [CloudWatchRequests("test", answer)])
    app = create_app(service(harness, request_events))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        for text in (PROMPT, LIKELY):
            body = {"model": "m", "messages": [{"role": "user", "content": text}]}
            await client.post("/v1/chat/completions", json=body)

    line = json.loads(answer.getvalue().splitlines()[-1])
    assert (line["tier"], line["reason"]) == ("MISS", "shadow")
    assert (line["ThresholdsRaised"], line["ShadowSamples"]) == ([1], [1])
    assert (await harness.exact.standing("default")).raised_threshold == 0.92


async def test_a_request_is_served_by_the_settings_that_have_changed_before_it(
    harness: Harness,
) -> None:
    """Two services that differ in the largest body that they take stand for two settings."""
    closed: list[str] = []

    def made(name: str, max_body_bytes: int) -> Served:
        async def close() -> None:
            closed.append(name)

        serving_with = replace(
            service(harness, RequestEvents(default_prices(), [])),
            max_body_bytes=max_body_bytes,
            close=close,
        )
        return Served(serving_with, create_app(serving_with))

    changes = [None, made("after", 10)]

    async def changed() -> Served | None:
        return changes.pop(0) if changes else None

    before = made("before", 10_000)
    app = FunctionApp(before, restored=lambda: before, prime=lambda: None, changed=changed)
    body = {"model": "m", "messages": [{"role": "user", "content": PROMPT}]}
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        answers = [await client.post("/v1/chat/completions", json=body) for _ in range(3)]
        closed_while_serving = [*closed]

    assert [answer.status_code for answer in answers] == [200, 413, 413]
    assert closed_while_serving == ["before"]
