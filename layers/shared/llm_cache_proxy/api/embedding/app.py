"""The embedding function over HTTP: `POST {"text"}` or `{"texts"}`, and `GET /health`.

Answers every error in OpenAI's shape, and never says more of a fault than that there is one.
"""

from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from llm_cache_proxy.api.embedding.answer import embedded, refusal
from llm_cache_proxy.api.http.bare_app import bare_app
from llm_cache_proxy.api.http.request_bodies import read_body
from llm_cache_proxy.domain.errors import EmbedderUnavailable, RequestRefused, openai_error
from llm_cache_proxy.domain.json_text import JsonObject, compact_text, parse_object
from llm_cache_proxy.ports.embedder import Embedder

MOST_BODY_BYTES = 6_291_456  # what a Lambda function takes and gives in one invocation

_UNAVAILABLE = 503


class OneEmbedding(BaseModel):
    """A text's vector, its tokens, and whether the model has read all of it."""

    model_config = ConfigDict(defer_build=True)

    embedding: list[float]
    tokens: int
    whole: bool


class EmbeddingOfText(OneEmbedding):
    """The answer to one text."""

    embedder_id: str


class EmbeddingsOfTexts(BaseModel):
    """The answer to several texts, in their order."""

    model_config = ConfigDict(defer_build=True)

    embeddings: list[OneEmbedding]
    embedder_id: str


class EmbeddingHealth(BaseModel):
    """That it serves, and which model."""

    model_config = ConfigDict(defer_build=True)

    status: str
    embedder_id: str


def embedder_of(request: Request) -> Embedder:
    """The app's embedder."""
    return cast("Embedder", request.app.state.embedder)


CurrentEmbedder = Annotated[Embedder, Depends(embedder_of)]


def embedding_app(embedder: Embedder) -> FastAPI:
    """The ASGI app; it neither loads nor closes the embedder."""
    app = bare_app()
    app.state.embedder = embedder
    for path in ("/", "/embed"):
        app.add_api_route(
            path, _embed, methods=["POST"], response_model=EmbeddingOfText | EmbeddingsOfTexts
        )
    app.add_api_route("/health", _health, methods=["GET"])
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(EmbedderUnavailable, _unavailable)
    app.add_exception_handler(HTTPException, _no_route)
    return app


async def _embed(request: Request, embedder: CurrentEmbedder) -> Response:
    """The vectors of `text`, or of each of `texts`."""
    fields = parse_object(await read_body(request, MOST_BODY_BYTES))
    return _json(await embedded(embedder, fields))


async def _health(embedder: CurrentEmbedder) -> EmbeddingHealth:
    """That it serves, and which model."""
    return EmbeddingHealth(status="ok", embedder_id=embedder.embedder_id)


def _json(content: JsonObject, status: int = 200) -> Response:
    return Response(compact_text(content), status, media_type="application/json")


async def _refused(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestRefused)  # noqa: S101 - registered for it alone
    return _json(refusal(exc), exc.status)


async def _unavailable(_: Request, __: Exception) -> Response:
    message = "The embedding model is not available at the moment."
    return _json(openai_error(message, "server_error", code="model_unavailable"), _UNAVAILABLE)


async def _no_route(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - registered for it alone
    code = "method_not_allowed" if exc.status_code == 405 else "not_found"  # noqa: PLR2004 - HTTP
    error = openai_error("There is no such route here.", "invalid_request_error", code=code)
    return _json(error, exc.status_code)
