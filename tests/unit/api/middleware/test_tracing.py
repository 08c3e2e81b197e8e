"""Facts about a request's own span."""

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from fakes.tracer import FakeTracer
from llm_cache_proxy.api.middleware.tracing import TracedRequests

TRACEPARENT = f"00-{'1' * 32}-{'2' * 16}-01"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    if scope["path"].endswith("/broken"):
        raise ZeroDivisionError
    status = 200 if "trace_id" in scope.get("state", {}) else 204
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def ask(path: str, tracer: FakeTracer) -> httpx.Response:
    transport = httpx.ASGITransport(TracedRequests(app, tracer))
    async with httpx.AsyncClient(transport=transport, base_url="http://proxy") as client:
        return await client.post(path, headers={"traceparent": TRACEPARENT})


async def test_a_request_continues_its_clients_trace_in_log_lines_too() -> None:
    tracer = FakeTracer()

    answer = await ask("/v1/chat/completions?key=secret", tracer)

    [span] = tracer.spans
    assert answer.status_code == 200
    assert span.ended == 1
    assert span.facts == {
        "traceparent": TRACEPARENT,
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "url.path": "/v1/chat/completions",
        "url.scheme": "http",
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [("/v1/chat/completions", "POST /v1/chat/completions"), ("/v1/files/f-1", "POST /v1")],
)
async def test_spans_have_few_names(path: str, name: str) -> None:
    tracer = FakeTracer()

    await ask(path, tracer)

    assert tracer.spans[0].name == name


async def test_an_operators_page_has_no_span() -> None:
    tracer = FakeTracer()

    assert (await ask("/metrics", tracer)).status_code == 204
    assert tracer.spans == []


async def test_an_app_that_breaks_fails_the_span() -> None:
    tracer = FakeTracer()

    with pytest.raises(ZeroDivisionError):
        await ask("/v1/broken", tracer)

    assert (tracer.spans[0].failure, tracer.spans[0].ended) == ("ZeroDivisionError", 1)
