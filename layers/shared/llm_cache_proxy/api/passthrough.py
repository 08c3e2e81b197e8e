"""What is not cached: sent to the upstream as it came, and back as it comes."""

import json
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.journalled import record_of
from llm_cache_proxy.api.request_body import read_body
from llm_cache_proxy.api.responses import to_response
from llm_cache_proxy.domain.counting import BYPASSES
from llm_cache_proxy.domain.reasons import Reason, Result
from llm_cache_proxy.pipeline.exchange import JSON_TYPE, Answer, Outcome
from llm_cache_proxy.pipeline.ledger import Ledger
from llm_cache_proxy.ports.upstream import Upstream, UpstreamCall, UpstreamReply


@dataclass(frozen=True, slots=True)
class PassThrough:
    """Forwards any `/v1/*` request that no other route takes."""

    upstream: Upstream
    ledger: Ledger
    max_body_bytes: int

    async def endpoint(self, request: Request) -> Response:
        """The upstream's answer to the request."""
        body = await read_body(request, self.max_body_bytes)
        return await self.forward(request, f"/{request.path_params['path']}", body)

    async def forward(self, request: Request, path: str, body: bytes) -> Response:
        """The upstream's answer to `body` at `path`, streamed, and counted as a bypass."""
        model = record_of(request).model = _model(body)
        call = UpstreamCall(
            method=request.method,
            path=path,
            query=request.url.query,
            headers=dict(request.headers),
            body=body,
            model=model,
            routes=self.upstream.routes(model or ""),
            streaming=True,
        )
        self.ledger.settle(request.state.client.tenant, {BYPASSES: 1})
        reply = await self.upstream.send(call)
        return to_response(await _answer(reply), request.state.request_id)


async def _answer(reply: UpstreamReply) -> Answer:
    failed = reply.status >= 400  # noqa: PLR2004 - HTTP
    body = reply.body
    if failed:  # short, and may have to be put into OpenAI's shape
        async with aclosing(reply.body) as pieces:
            whole = b"".join([piece async for piece in pieces])
    return Answer(
        status=reply.status,
        content_type=reply.headers.get("content-type", JSON_TYPE),
        body=whole if failed else body,
        outcome=Outcome(Result.BYPASS, str(Reason.UNCACHED_ROUTE)),
        headers=reply.headers,
    )


def _model(body: bytes) -> str | None:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    model = fields.get("model") if isinstance(fields, dict) else None
    return model if isinstance(model, str) else None
