"""What an endpoint says of its bodies and of the headers that the cache obeys, in OpenAPI's words.

Schemas are referred to by name: what defines them is imported when the description is asked for
and not before.
"""

from typing import Any

Described = dict[str, Any]
JSON = "application/json"
FORM = "multipart/form-data"
EVENTS = "text/event-stream"
TEXT = "text/plain"
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


def content(schema: str, media_type: str = JSON) -> Described:
    """A body of that schema."""
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def cached(request: str, answer: str, *others: str, media_type: str = JSON) -> Described:
    """An endpoint that the cache serves; its answer may also be of one of the `others`' types."""
    said = "The answer, as JSON or as server-sent events." if EVENTS in others else "The answer."
    answers = content(answer) | {other: {} for other in others}
    return {
        "requestBody": {"required": True, "content": content(request, media_type)},
        "responses": {"200": {"description": said, "content": answers}},
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in _CONTROLS],
    }
