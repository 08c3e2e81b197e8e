"""An upstream whose calls are spans with the attributes of the `gen_ai` conventions.

A span lasts until the answer's last byte. Of an answer only its model and its tokens are read.
https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from llm_cache_proxy.domain.closable_body import ClosableBody
from llm_cache_proxy.ports.tracer import Facts, Span, Tracer
from llm_cache_proxy.ports.upstream import Route, Upstream, UpstreamCall, UpstreamReply

OPERATIONS = {
    "/chat/completions": "chat",
    "/responses": "chat",
    "/messages": "chat",
    "/completions": "text_completion",
    "/embeddings": "embeddings",
}
"""`gen_ai.operation.name` by the path below `/v1`."""

_READ_BYTES = 4_096  # of an answer's beginning, and of its end
_ERROR = 400
# Inside a JSON text these quotes would be escaped: an answer cannot claim another model.
_MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]{1,200})"')
_INPUT = re.compile(rb'"(?:prompt|input)_tokens"\s*:\s*(\d{1,12})')
_OUTPUT = re.compile(rb'"(?:completion|output)_tokens"\s*:\s*(\d{1,12})')


class Address(NamedTuple):
    """Where an upstream is."""

    host: str
    port: int


class TracedUpstream:
    """`upstream` in spans; `addresses` by the names of the configured upstreams."""

    def __init__(
        self, upstream: Upstream, tracer: Tracer, addresses: Mapping[str, Address]
    ) -> None:
        self._upstream = upstream
        self._tracer = tracer
        self._addresses = addresses

    def routes(self, model: str, path: str = "") -> Sequence[Route]:
        """The upstream's own."""
        return self._upstream.routes(model, path)

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        """The upstream's reply; its span ends with its body."""
        facts = _asked(call)
        named = (facts.get("gen_ai.operation.name"), facts.get("gen_ai.request.model"))
        name = f"{named[0]} {named[1]}" if all(named) else f"upstream {call.method}"
        span = self._tracer.step(name, facts, leaves=True)
        try:
            headers = {**call.headers, **self._tracer.onward(span)}
            reply = await self._upstream.send(replace(call, headers=headers))
        except BaseException as exc:
            span.fail(type(exc).__name__)
            span.end()
            raise
        span.note(self._answered(reply))
        if reply.status >= _ERROR:
            span.fail(str(reply.status))
        return replace(reply, body=_TracedBody(reply.body, span))

    async def models(self) -> list[dict[str, object]]:
        """The upstream's own."""
        return await self._upstream.models()

    async def aclose(self) -> None:
        """Close the upstream."""
        await self._upstream.aclose()

    def _answered(self, reply: UpstreamReply) -> Facts:
        facts: dict[str, str | int] = {
            "gen_ai.provider.name": reply.route.upstream,
            "http.response.status_code": reply.status,
            "llm_cache.upstream.attempts": reply.attempts,
        }
        address = self._addresses.get(reply.route.upstream)
        if address is not None:
            facts |= {"server.address": address.host, "server.port": address.port}
        return facts


def _asked(call: UpstreamCall) -> Facts:
    facts: dict[str, str | bool] = {
        "llm_cache.step": "upstream",
        "http.request.method": call.method,
    }
    if operation := OPERATIONS.get(call.path):
        facts["gen_ai.operation.name"] = operation
        facts["llm_cache.streaming"] = call.streaming
    if call.model is not None:
        facts["gen_ai.request.model"] = call.routes[0].model if call.routes else call.model
    return facts


class _TracedBody(ClosableBody):
    """A body that ends its span with itself, and tells it what the answer says of its cost."""

    def __init__(self, body: AsyncGenerator[bytes, None], span: Span) -> None:
        self._body = body
        self._span = span
        self._begin = b""
        self._end = b""

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next bytes."""
        try:
            piece = await anext(self._body)
        except StopAsyncIteration:
            self._finish()
            raise
        except BaseException as exc:
            self._span.fail(type(exc).__name__)
            self._finish()
            raise
        if len(self._begin) < _READ_BYTES:
            self._begin += piece[:_READ_BYTES]
        self._end = (self._end + piece[-_READ_BYTES:])[-_READ_BYTES:]
        return piece

    async def aclose(self) -> None:
        """Give up the rest. Safe to repeat."""
        self._finish()
        await self._body.aclose()

    def _finish(self) -> None:
        self._span.note(_reported(self._begin, self._end))
        self._begin = self._end = b""
        self._span.end()


def _reported(begin: bytes, end: bytes) -> Facts:
    facts: dict[str, str | int] = {}
    model = _MODEL.search(begin)
    if model is not None:
        facts["gen_ai.response.model"] = model[1].decode("utf-8", "replace")
    for name, pattern in (("input", _INPUT), ("output", _OUTPUT)):
        if counts := pattern.findall(end):
            facts[f"gen_ai.usage.{name}_tokens"] = int(counts[-1])
    return facts
