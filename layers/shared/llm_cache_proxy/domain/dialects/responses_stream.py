"""Streams of the Responses API: put together into one response, and made from a stored one.

A replay sends its events in the order that clients rely on. Source of the events and their fields:
OpenAI's API reference, "Streaming events".
"""

from collections.abc import Iterator

from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.streams.choices import parsed_event, tells_of_error
from llm_cache_proxy.domain.dialects.streams.merging import is_empty
from llm_cache_proxy.domain.dialects.streams.sse import named_event
from llm_cache_proxy.domain.json_text import JsonObject, canonical_text, compact_text

LAST_EVENTS = ("response.completed", "response.failed", "response.incomplete")


_FROM_THE_START = ("id", "object", "created_at", "model")


class ResponseAssembler:
    """Collects events; `completion()` is the response as the JSON endpoint would have sent it."""

    begins = reshaped = False

    def __init__(self) -> None:
        self._begun: JsonObject = {}
        self._response: JsonObject = {}
        self._items: dict[int, object] = {}
        self._said: dict[tuple[object, ...], list[str]] = {}

    def add(self, data: str) -> JsonObject:
        """Take one event's data and give the parsed event back.

        Raises BrokenStreamError where it is none, or reports an error.
        """
        event = parsed_event(data)
        kind = event.get("type")
        if kind == "error" or tells_of_error(event):
            raise BrokenStreamError("an event reports an error")
        if kind == "response.output_item.done":
            self._add_item(event)
        elif "response" in event:
            if not isinstance(event["response"], dict):
                raise BrokenStreamError("a response is malformed")
            self._response = event["response"]
            self._begun = self._begun or self._response
        elif (said := _said_in(event)) is not None:
            self._said.setdefault(_place_of(event), []).append(said)
        return event

    def completion(self) -> JsonObject:
        """The stream's last response, with what earlier events said where it omits that."""
        whole = dict(self._response)
        for name in _FROM_THE_START:
            if not whole.get(name) and self._begun.get(name):
                whole[name] = self._begun[name]
        if not whole.get("output") and self._items:
            whole["output"] = list(self._in_order())
        return whole

    @property
    def ambiguous(self) -> bool:
        """Whether the events said something else than the response they end in, or more."""
        response = self.completion()
        if self._items and not _has_all(response.get("output"), list(self._in_order())):
            return True
        if not self._said:
            return False
        whole: dict[tuple[object, ...], list[str]] = {}
        for event in _events(response):
            if (said := _said_in(event)) is not None:
                whole.setdefault(_place_of(event), []).append(said)
        return any(
            "".join(said) != "".join(whole.get(place, [])) for place, said in self._said.items()
        )

    def _in_order(self) -> Iterator[object]:
        return (self._items[at] for at in sorted(self._items))

    def _add_item(self, event: JsonObject) -> None:
        index = event.get("output_index")
        if not isinstance(index, int):
            raise BrokenStreamError("an item has no place")
        self._items[index] = event.get("item")


_NAMED_ANEW = frozenset({"id", "status", "encrypted_content"})
"""What says nothing new of an item: some upstreams make it once for an event, once for the end."""


def _has_all(whole: object, said: object) -> bool:
    """Whether the items that a response ends in have all that the events' said."""
    if isinstance(whole, dict) and isinstance(said, dict):
        return all(
            name in _NAMED_ANEW or is_empty(value) or _has_all(whole.get(name), value)
            for name, value in said.items()
        )
    if isinstance(whole, list) and isinstance(said, list):
        return len(whole) == len(said) and all(map(_has_all, whole, said))
    return whole == said


def _place_of(event: JsonObject) -> tuple[object, ...]:
    """What an event speaks of: its type and where that stands.

    Raises BrokenStreamError where that is no place.
    """
    output, content = event.get("output_index") or 0, event.get("content_index") or 0
    summary = event.get("summary_index") or 0
    if not (isinstance(output, int) and isinstance(content, int) and isinstance(summary, int)):
        raise BrokenStreamError("an event has no place")
    return event.get("type"), output, content, summary


def _said_in(event: JsonObject) -> str | None:
    """What an event says of an item; None if a response is not retold by such events."""
    kind, _, step = str(event.get("type")).rpartition(".")
    said: object = None
    if kind in _RETOLD:
        said = event.get("delta" if step == "delta" else _RETOLD[kind])
    elif event.get("type") == _ANNOTATED:
        return canonical_text(event.get("annotation"))
    return said if isinstance(said, str) else None


_ARGUMENTS = {
    "function_call": ("arguments", "response.function_call_arguments"),
    "custom_tool_call": ("input", "response.custom_tool_call_input"),
}
_TEXTS = {
    "output_text": ("text", "response.output_text"),
    "refusal": ("refusal", "response.refusal"),
    "reasoning_text": ("text", "response.reasoning_text"),
}


_RETOLD = {
    **{kind: name for name, kind in _ARGUMENTS.values()},
    **{kind: name for name, kind in _TEXTS.values()},
    "response.reasoning_summary_text": "text",
}
"""By the kind of the events that retell an item: the member of the last one that has all of it."""

_ANNOTATED = "response.output_text.annotation.added"


def item_events(item: JsonObject, index: int) -> Iterator[JsonObject]:
    """The events of the item at `index` of the output; an unknown one comes in one piece."""
    place: JsonObject = {"item_id": item.get("id") or "", "output_index": index}
    yield {"type": "response.output_item.added", "output_index": index, "item": _opened(item)}
    for at, part in enumerate(_parts(item, "summary")):
        yield from _summary_events(part, {**place, "summary_index": at})
    for at, part in enumerate(_parts(item, "content")):
        yield from _part_events(part, {**place, "content_index": at})
    if item.get("type") in _ARGUMENTS:
        yield from _argument_events(item, place)
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _opened(item: JsonObject) -> JsonObject:
    """The item before it said anything."""
    name, _ = _ARGUMENTS.get(str(item.get("type")), ("", ""))
    empty: JsonObject = {"status": "in_progress"}
    if name:
        empty[name] = ""
    empty |= {name: [] for name in ("summary", "content") if _parts(item, name)}
    return {**item, **{name: value for name, value in empty.items() if name in item}}


def _parts(item: JsonObject, name: str) -> list[JsonObject]:
    """The parts under `name` that have events of their own; none where one of them is unknown."""
    parts = item.get(name)
    known = ("summary_text",) if name == "summary" else tuple(_TEXTS)
    if not isinstance(parts, list):
        return []
    return parts if all(isinstance(p, dict) and p.get("type") in known for p in parts) else []


def _summary_events(part: JsonObject, place: JsonObject) -> Iterator[JsonObject]:
    text = part.get("text")
    opened = {**part, "text": ""}
    yield {"type": "response.reasoning_summary_part.added", **place, "part": opened}
    yield {"type": "response.reasoning_summary_text.delta", **place, "delta": text}
    yield {"type": "response.reasoning_summary_text.done", **place, "text": text}
    yield {"type": "response.reasoning_summary_part.done", **place, "part": part}


def _part_events(part: JsonObject, place: JsonObject) -> Iterator[JsonObject]:
    name, kind = _TEXTS[str(part["type"])]
    opened: JsonObject = {name: ""}
    opened |= {empty: [] for empty in ("annotations", "logprobs") if empty in part}
    yield {"type": "response.content_part.added", **place, "part": {**part, **opened}}
    weighed = part["type"] == "output_text"
    extra: JsonObject = {"logprobs": part.get("logprobs") or []} if weighed else {}
    yield {"type": f"{kind}.delta", **place, "delta": part.get(name), **extra}
    annotations = part.get("annotations")
    for at, annotation in enumerate(annotations if isinstance(annotations, list) else []):
        added: JsonObject = {"annotation_index": at, "annotation": annotation}
        yield {"type": _ANNOTATED, **place, **added}
    yield {"type": f"{kind}.done", **place, name: part.get(name), **extra}
    yield {"type": "response.content_part.done", **place, "part": part}


def _argument_events(item: JsonObject, place: JsonObject) -> Iterator[JsonObject]:
    name, kind = _ARGUMENTS[str(item["type"])]
    said = item.get(name)
    yield {"type": f"{kind}.delta", **place, "delta": said}
    named: JsonObject = {"name": item.get("name")} if name == "arguments" else {}
    yield {"type": f"{kind}.done", **place, **named, name: said}


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
    """The response at the start of its stream, still empty."""
    empty: JsonObject = {"status": "in_progress", "output": [], "usage": None, "completed_at": None}
    return {**response, **{name: value for name, value in empty.items() if name in response}}
