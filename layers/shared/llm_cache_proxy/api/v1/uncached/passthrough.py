"""Uncached requests: sent to the upstream as they came; its answer passes as it comes."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.answers import to_response
from llm_cache_proxy.api.http.paths import ROOT, path_below_root
from llm_cache_proxy.api.http.raw_requests import (
    query_of,
    request_headers,
    while_connected,
)
from llm_cache_proxy.api.http.request_bodies import media_type, read_body, shown_type
from llm_cache_proxy.api.middleware.request_events import event_draft_of
from llm_cache_proxy.api.v1.service import Service, service_of
from llm_cache_proxy.api.v1.uncached.metering import KeyCharge, metered
from llm_cache_proxy.domain.closable_body import bounded_body
from llm_cache_proxy.domain.errors import RequestRefused, UnsupportedMediaType, UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject, object_or_none
from llm_cache_proxy.domain.metrics.counter_names import BYPASSES
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.admission import Admission
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.recording.request_events import CLIENT_LEFT_STATUS
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Answer, Outcome, mark_error
from llm_cache_proxy.ports.upstream import Upstream, UpstreamCall, UpstreamReply

_PAGE_TYPES = frozenset({"", "text/plain", "application/x-www-form-urlencoded"})
"""Types that no endpoint takes, and that pages of other origins may send without a preflight."""
_EMBEDDINGS = "/embeddings"
_MOST_ERROR_BYTES = 1_000_000
"""The most of an error's body; the rest is left out."""
_ERROR = 400


@dataclass(frozen=True, slots=True)
class PassThrough:
    """Forwards requests to the upstream, against the limits of the client's key."""

    upstream: Upstream
    counter_writer: CounterWriter
    admission: Admission
    prices: PriceList

    @classmethod
    def over(cls, service: Service) -> Self:
        """The forwarder for `service`."""
        pipeline = service.pipeline
        return cls(
            pipeline.ports.upstream,
            pipeline.counter_writer,
            pipeline.admission,
            pipeline.options.prices,
        )

    async def forward(self, request: Request, path: str, body: bytes) -> Response:
        """The upstream's answer to `body` at `path`, streamed, and counted as a bypass."""
        fields = object_or_none(body) or {}
        model = event_draft_of(request).model = _model(fields)
        client = request.state.client
        routes = self.upstream.routes(model, path) if model else ()
        routed = routes[0].model if routes else model or ""
        if request.method == "POST":
            state = await self.admission.to_upstream(
                client,
                model=model or "",
                routed=routed,
                body=body,
                fields=fields,
                generates=path != _EMBEDDINGS,
            )
        else:
            state = await self.admission.free(client)
        call = UpstreamCall(
            method=request.method,
            path=path,
            query=query_of(request),
            headers=request_headers(request.headers),
            body=body,
            model=model,
            routes=routes,
            streaming=True,
            upstream_key=client.upstream_key,
        )
        charge = KeyCharge(self.counter_writer, self.prices, client.tenant, state, routed)
        event_draft_of(request).state = state
        state.counts.result = {BYPASSES: 1}
        self.counter_writer.write_in_background(client.tenant, state.counts.result)
        try:
            reply = await while_connected(request, self.upstream.send(call))
        except (RequestRefused, UpstreamError):
            charge((0, 0))
            raise
        if reply is None:
            charge((0, 0))
            return Response(status_code=CLIENT_LEFT_STATUS)
        answer = await _answer(reply, charge)
        answer.outcome.grant = state.account.grant
        return to_response(answer, request.state.request_id, f"{ROOT}{path}")


async def pass_through(request: Request) -> Response:
    """The upstream's answer to a request that bypasses the cache."""
    service = service_of(request)
    body = await read_body(request, service.max_body_bytes)
    check_type(media_type(request), body)
    return await PassThrough.over(service).forward(request, path_below_root(request), body)


async def _answer(reply: UpstreamReply, charge: KeyCharge) -> Answer:
    if reply.status < _ERROR:
        return _answered(reply, metered(reply.body, charge))
    charge((0, 0))
    # Short, and may have to be put into OpenAI's shape.
    return _answered(reply, await bounded_body(reply.body, _MOST_ERROR_BYTES))


def _answered(reply: UpstreamReply, body: bytes | AsyncGenerator[bytes]) -> Answer:
    answer = Answer(
        status=reply.status,
        content_type=reply.headers.get("content-type", JSON_TYPE),
        body=body,
        outcome=Outcome(Result.BYPASS, str(Reason.UNCACHED_ROUTE)),
        headers=reply.headers,
    )
    if reply.status >= _ERROR:
        mark_error(answer)
    return answer


def check_type(content_type: str, body: bytes) -> None:
    """Raise UnsupportedMediaType where a page of another origin may have sent the body unasked."""
    if body and content_type in _PAGE_TYPES:
        raise UnsupportedMediaType(
            f"The content type is {shown_type(content_type)}; send JSON with 'content-type: "
            "application/json', or a file as multipart/form-data.",
            param="content-type",
        )


def _model(fields: JsonObject) -> str | None:
    model = fields.get("model")
    return model if isinstance(model, str) else None
