"""The routes that take the raw request: bodies below `/v1` pass as they came."""

from llm_cache_proxy.api.description.endpoint import describe
from llm_cache_proxy.api.description.operations import EVENTS, cached, content
from llm_cache_proxy.api.http import paths
from llm_cache_proxy.api.http.raw_requests import RawRoute
from llm_cache_proxy.api.v1.cached.embeddings import create_embedding
from llm_cache_proxy.api.v1.cached.endpoint import cached_endpoint
from llm_cache_proxy.api.v1.own.health import health
from llm_cache_proxy.api.v1.uncached.passthrough import pass_through
from llm_cache_proxy.domain.dialects.registry import (
    CHAT,
    MESSAGES,
    RESPONSES,
    TEXT,
    TOKEN_COUNT,
)

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]

CACHED_ROUTES = (
    RawRoute(
        "/v1/chat/completions",
        cached_endpoint(CHAT),
        ["POST"],
        operation_id="create_chat_completion",
        summary="A chat completion",
        described=cached("ChatRequest", "ChatCompletion", EVENTS),
    ),
    RawRoute(
        "/v1/responses",
        cached_endpoint(RESPONSES),
        ["POST"],
        operation_id="create_response",
        summary="A response",
        described=cached("ResponseRequest", "ResponseObject", EVENTS),
    ),
    RawRoute(
        "/v1/completions",
        cached_endpoint(TEXT),
        ["POST"],
        operation_id="create_completion",
        summary="A legacy text completion, matched exactly or not at all",
        described=cached("TextRequest", "TextCompletion", EVENTS),
    ),
    RawRoute(
        "/v1/messages",
        cached_endpoint(MESSAGES),
        ["POST"],
        operation_id="create_message",
        summary="A message of Anthropic's API",
        described=cached("MessagesRequest", "MessageObject", EVENTS),
    ),
    RawRoute(
        "/v1/messages/count_tokens",
        cached_endpoint(TOKEN_COUNT),
        ["POST"],
        operation_id="count_tokens",
        summary="How many tokens a message of Anthropic's API would be asked with",
        described=cached("TokenCountRequest", "TokenCount"),
    ),
    RawRoute(
        "/v1/embeddings",
        create_embedding,
        ["POST"],
        operation_id="create_embedding",
        described=cached("EmbeddingRequest", "EmbeddingList"),
    ),
)
"""First in the app: the most requested routes are found first."""

UNCACHED_ROUTES = (
    RawRoute(
        "/health",
        health,
        ["GET"],
        operation_id="health",
        described={
            "responses": {"200": {"description": "It serves.", "content": content("Health")}}
        },
    ),
    RawRoute(f"/v1{paths.OPENAPI}", describe, ["GET"]),
)

PASS_THROUGH_ROUTE = RawRoute("/v1/{path:path}", pass_through, _METHODS)
"""Last in the app: every path that no other route takes."""
