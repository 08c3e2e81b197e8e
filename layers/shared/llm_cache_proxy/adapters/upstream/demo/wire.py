"""How the demonstration upstream's answers are put into bytes: bodies, events, errors, headers."""

from collections.abc import AsyncGenerator, Iterable, Iterator

from llm_cache_proxy.domain.errors import openai_error
from llm_cache_proxy.domain.json_text import compact_text

Json = dict[str, object]


async def once(body: bytes) -> AsyncGenerator[bytes, None]:
    """A body in one piece."""
    yield body


def unnamed_events(events: Iterable[Json]) -> Iterator[str]:
    """SSE as chat and legacy completions send it, with the terminator."""
    yield from (f"data: {compact_text(event)}\n\n" for event in events)
    yield "data: [DONE]\n\n"


def named_events(events: Iterable[Json]) -> Iterator[str]:
    """SSE as the Responses API sends it: each event says its type, the last one ends it."""
    yield from (f"event: {event['type']}\ndata: {compact_text(event)}\n\n" for event in events)


def reply_headers(content_type: str) -> dict[str, str]:
    """What comes with every answer."""
    return {"content-type": content_type, "x-upstream-request-id": "demo"}


def error_body(message: str, code: str | None, param: str | None = None) -> Json:
    """An error in OpenAI's shape."""
    return openai_error(message, "invalid_request_error", param=param, code=code)
