"""The pipeline's answers as HTTP responses."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from llm_cache_proxy.api.http.errors import in_openai_shape
from llm_cache_proxy.api.http.headers import outcome_headers
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Answer


class RelayedResponse(StreamingResponse):
    """A streamed body that is closed, and so cancelled upstream, when the client leaves."""

    def __init__(self, body: AsyncGenerator[bytes, None], status: int, **headers: str) -> None:
        super().__init__(body, status, headers=headers)
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces as they come; the body is closed even where none is wanted."""
        async with aclosing(self._body):
            await super().__call__(scope, receive, send)


def to_response(answer: Answer, request_id: str) -> Response:
    """The HTTP response for an answer."""
    headers = dict(answer.headers) | outcome_headers(answer.outcome, request_id)
    headers["content-type"] = answer.content_type
    if isinstance(answer.body, bytes):
        encoded = "content-encoding" in headers  # by the upstream, so that it cannot be read
        replaced = (
            None if encoded else in_openai_shape(answer.status, answer.content_type, answer.body)
        )
        if replaced is not None:
            headers["content-type"] = JSON_TYPE
        return Response(replaced or answer.body, answer.status, headers=headers)
    headers["cache-control"] = "no-store"  # of intermediaries: the stream is for one client
    headers["x-accel-buffering"] = "no"
    return RelayedResponse(answer.body, answer.status, **headers)
