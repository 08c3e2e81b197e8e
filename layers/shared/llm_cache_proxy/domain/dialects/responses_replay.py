"""A stored response told again as the events of a stream, in the order that clients rely on.

Source of the events and their fields: OpenAI's API reference, "Streaming events".
"""

from collections.abc import Iterator

from llm_cache_proxy.domain.dialects.responses_replay_items import item_events
from llm_cache_proxy.domain.dialects.sse import named_event
from llm_cache_proxy.domain.json_text import JsonObject, compact_text


def events(response: JsonObject) -> str:
    """The SSE events of a whole response, numbered from 0."""
    return "".join(
        named_event(str(event["type"]), compact_text({**event, "sequence_number": number}))
        for number, event in enumerate(_events(response))
    )


def _events(response: JsonObject) -> Iterator[JsonObject]:
    begun = _begun(response)
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    output = response.get("output")
    for index, item in enumerate(output if isinstance(output, list) else []):
        yield from item_events(item, index)
    yield {"type": "response.completed", "response": response}


def _begun(response: JsonObject) -> JsonObject:
    """The response as it was told of before it said anything."""
    empty: JsonObject = {"status": "in_progress", "output": [], "usage": None, "completed_at": None}
    return {**response, **{name: value for name, value in empty.items() if name in response}}
