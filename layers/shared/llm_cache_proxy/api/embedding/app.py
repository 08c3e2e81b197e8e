"""The embedding function over HTTP: `POST {"text"}` or `{"texts"}`, and `GET /health`.

Answers every error in OpenAI's shape, and never says more of a fault than that there is one.
"""

from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_cache_proxy.api.embedding.answer import embedded, error_object, refusal
from llm_cache_proxy.api.http.request_body import read_body
from llm_cache_proxy.domain.errors import EmbedderUnavailable, RequestRefused
from llm_cache_proxy.domain.json_text import JsonObject, compact_text, parse_object
from llm_cache_proxy.ports.embedder import Embedder

if TYPE_CHECKING:
    from starlette.types import ExceptionHandler

MOST_BODY_BYTES = 6_291_456  # what a Lambda function takes and gives in one invocation

_UNAVAILABLE = 503


def embedding_app(embedder: Embedder) -> Starlette:
    """The ASGI app; it neither loads nor closes the embedder."""

    async def embed(request: Request) -> Response:
        fields = parse_object(await read_body(request, MOST_BODY_BYTES))
        return _json(await embedded(embedder, fields))

    async def health(_: Request) -> Response:
        return _json({"status": "ok", "embedder_id": embedder.embedder_id})

    return Starlette(
        routes=[
            Route("/", embed, methods=["POST"]),
            Route("/embed", embed, methods=["POST"]),
            Route("/health", health, methods=["GET"]),
        ],
        exception_handlers={
            RequestRefused: cast("ExceptionHandler", _refused),
            EmbedderUnavailable: _unavailable,
            HTTPException: cast("ExceptionHandler", _no_route),
        },
    )


def _json(content: JsonObject, status: int = 200) -> Response:
    return Response(compact_text(content), status, media_type="application/json")


async def _refused(_: Request, exc: RequestRefused) -> Response:
    return _json(refusal(exc), exc.status)


async def _unavailable(_: Request, __: Exception) -> Response:
    message = "The embedding model is not available at the moment."
    return _json(error_object(message, "server_error", code="model_unavailable"), _UNAVAILABLE)


async def _no_route(_: Request, exc: HTTPException) -> Response:
    code = "method_not_allowed" if exc.status_code == 405 else "not_found"  # noqa: PLR2004 - HTTP
    error = error_object("There is no such route here.", "invalid_request_error", code=code)
    return _json(error, exc.status_code)
