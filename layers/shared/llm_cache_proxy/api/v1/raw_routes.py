"""The routes that take the raw request: bodies below `/v1` pass as they came.

They refer to the schemas by name; these are in `api.description`, which is imported when the
description is asked for and not before.
"""

from typing import Any

from llm_cache_proxy.api.description.endpoint import describe
from llm_cache_proxy.api.http import paths
from llm_cache_proxy.api.http.raw_route import RawRoute
from llm_cache_proxy.api.v1.cached import cached_endpoint
from llm_cache_proxy.api.v1.embeddings import create_embedding
from llm_cache_proxy.api.v1.health import health
from llm_cache_proxy.api.v1.passthrough import pass_through
from llm_cache_proxy.domain.dialects.registry import (
    CHAT,
    MESSAGES,
    RESPONSES,
    TEXT,
    TOKEN_COUNT,
)

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_CONTROLS = (
    "x-bypass-cache",
    "x-cache-mode",
    "x-cache-ttl",
    "x-cache-threshold",
    "x-cache-namespace",
    "x-cache-tags",
    "x-cache-normalize",
    "x-cache-fresh-id",
    "cache-control",
)


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _body(request: str, answer: str, *, streams: bool) -> dict[str, Any]:
    content = _json(answer) | ({"text/event-stream": {}} if streams else {})
    said = "The answer, as JSON or as server-sent events." if streams else "The answer."
    return {
        "requestBody": {"required": True, "content": _json(request)},
        "responses": {"200": {"description": said, "content": content}},
    }


def _cached(request: str, answer: str, *, streams: bool = True) -> dict[str, Any]:
    parameters = [{"$ref": f"#/components/parameters/{name}"} for name in _CONTROLS]
    return _body(request, answer, streams=streams) | {"parameters": parameters}


CACHED_ROUTES = (
    RawRoute(
        "/v1/chat/completions",
        cached_endpoint(CHAT),
        ["POST"],
        operation_id="create_chat_completion",
        summary="A chat completion",
        described=_cached("ChatRequest", "ChatCompletion"),
    ),
    RawRoute(
        "/v1/responses",
        cached_endpoint(RESPONSES),
        ["POST"],
        operation_id="create_response",
        summary="A response",
        described=_cached("ResponseRequest", "ResponseObject"),
    ),
    RawRoute(
        "/v1/completions",
        cached_endpoint(TEXT),
        ["POST"],
        operation_id="create_completion",
        summary="A legacy text completion, matched exactly or not at all",
        described=_cached("TextRequest", "TextCompletion"),
    ),
    RawRoute(
        "/v1/messages",
        cached_endpoint(MESSAGES),
        ["POST"],
        operation_id="create_message",
        summary="A message of Anthropic's API",
        described=_cached("MessagesRequest", "MessageObject"),
    ),
    RawRoute(
        "/v1/messages/count_tokens",
        cached_endpoint(TOKEN_COUNT),
        ["POST"],
        operation_id="count_tokens",
        summary="How many tokens a message of Anthropic's API would be asked with",
        described=_cached("TokenCountRequest", "TokenCount", streams=False),
    ),
)
"""First in the app: what is asked most is found first."""

UNCACHED_ROUTES = (
    RawRoute(
        "/v1/embeddings",
        create_embedding,
        ["POST"],
        operation_id="create_embedding",
        described=_cached("EmbeddingRequest", "EmbeddingList", streams=False),
    ),
    RawRoute(
        "/health",
        health,
        ["GET"],
        operation_id="health",
        described={"responses": {"200": {"description": "It serves.", "content": _json("Health")}}},
    ),
    RawRoute(f"/v1{paths.OPENAPI}", describe, ["GET"]),
)

PASS_THROUGH_ROUTE = RawRoute("/v1/{path:path}", pass_through, _METHODS)
"""Last in the app: whatever no other route takes."""
