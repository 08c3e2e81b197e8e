"""A stream of the Responses API put together: its last event holds the whole response."""

from llm_cache_proxy.domain.dialects.choices import parsed_event
from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.json_text import JsonObject

_LAST = frozenset({"response.completed", "response.failed", "response.incomplete"})


class ResponseAssembler:
    """Collects events; `completion()` is the response as the JSON endpoint would have sent it."""

    def __init__(self) -> None:
        self._response: JsonObject = {}
        self._items: dict[int, object] = {}

    def add(self, data: str) -> JsonObject:
        """Take one event's data and give the parsed event back.

        Raises BrokenStreamError where it is none, or tells of an error.
        """
        event = parsed_event(data)
        kind = event.get("type")
        if kind == "error" or event.get("error") is not None:
            raise BrokenStreamError("an event tells of an error")
        if kind == "response.output_item.done":
            self._add_item(event)
        elif "response" in event:
            if not isinstance(event["response"], dict):
                raise BrokenStreamError("a response is malformed")
            self._response = event["response"]
        return event

    def completion(self) -> JsonObject:
        """The last response told of; with the items told before, where it left them out."""
        if self._response.get("output") or not self._items:
            return self._response
        return {**self._response, "output": [self._items[at] for at in sorted(self._items)]}

    def _add_item(self, event: JsonObject) -> None:
        index = event.get("output_index")
        if not isinstance(index, int):
            raise BrokenStreamError("an item has no place")
        self._items[index] = event.get("item")


def is_last(event: JsonObject) -> bool:
    """Whether nothing comes after this event."""
    return event.get("type") in _LAST
