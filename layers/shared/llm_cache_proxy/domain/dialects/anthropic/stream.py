"""Streams of Anthropic's Messages API: put together into one message, and made from a stored one.

Signatures, citations and thoughts come back as they were sent, letter by letter. Source of the
events: https://platform.claude.com/docs/en/build-with-claude/streaming.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.streams.choices import parsed_event, tells_of_error
from llm_cache_proxy.domain.dialects.streams.sse import named_event
from llm_cache_proxy.domain.dialects.streams.word_by_word import words
from llm_cache_proxy.domain.json_text import JsonObject, compact_text

LAST_EVENTS = ("message_stop",)

_TEXT_DELTAS: Mapping[str, str] = {"text_delta": "text", "thinking_delta": "thinking"}
_SIGNATURE, _CITATION, _INPUT = "signature_delta", "citations_delta", "input_json_delta"

_MEMBERS: Mapping[str, frozenset[str]] = {
    "message_start": frozenset({"message"}),
    "content_block_start": frozenset({"index", "content_block"}),
    "content_block_delta": frozenset({"index", "delta"}),
    "content_block_stop": frozenset({"index"}),
    "message_stop": frozenset(),
    "ping": frozenset(),
}
"""What an event has besides its type; of `message_delta`, anything is the message's."""


@dataclass(slots=True)
class _Block:
    """A content block so far; `pieces` are of its input's JSON, `texts` of its texts by name."""

    said: JsonObject
    pieces: list[str] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    citations: list[object] | None = None
    """The list in `said`, once it is our own."""
    is_open: bool = True


class MessageAssembler:
    """Collects events; `completion()` is the message as the JSON endpoint would have sent it."""

    begins = reshaped = False

    def __init__(self) -> None:
        self.ambiguous = False
        self._message: JsonObject | None = None
        self._blocks: dict[int, _Block] = {}
        self._is_over = False

    def add(self, data: str) -> JsonObject:
        """Take one event's data and give the parsed event back.

        Raises BrokenStreamError where it is none, or reports an error.
        """
        event = parsed_event(data)
        kind = event.get("type")
        if kind == "error" or tells_of_error(event):
            raise BrokenStreamError("an event reports an error")
        match kind:
            case "message_start":
                self._start(event.get("message"))
            case "content_block_start":
                self._open(event)
            case "content_block_delta":
                self._grow(self._block(event), event.get("delta"))
            case "content_block_stop":
                self._block(event).is_open = False
            case "message_delta":
                self._end(event)
            case "message_stop":
                self._is_over = True
        known = _MEMBERS.get(kind) if isinstance(kind, str) else None
        if kind != "message_delta" and (known is None or event.keys() - known - {"type"}):
            self.ambiguous = True  # the message would lose an unknown member
        return event

    def completion(self) -> JsonObject:
        """The message so far; without the last event nothing has ended it."""
        if self._message is None:
            return {}
        if sorted(self._blocks) != list(range(len(self._blocks))):
            self.ambiguous = True
        content = [self._whole(self._blocks[index]) for index in sorted(self._blocks)]
        cut = {} if self._is_over else {"stop_reason": None}
        return {**self._message, "content": content, **cut}

    def _start(self, message: object) -> None:
        if not isinstance(message, dict) or self._message is not None:
            raise BrokenStreamError("a message is malformed, or starts twice")
        self._message = dict(message)
        if message.get("content"):
            self.ambiguous = True

    def _open(self, event: JsonObject) -> None:
        index, block = event.get("index"), event.get("content_block")
        if self._message is None or type(index) is not int or not isinstance(block, dict):
            raise BrokenStreamError("a block is malformed")
        if index in self._blocks:
            raise BrokenStreamError("a block starts twice")
        self._blocks[index] = _Block(dict(block))

    def _block(self, event: JsonObject) -> _Block:
        index = event.get("index")
        if type(index) is not int or index not in self._blocks:
            raise BrokenStreamError("an event belongs to no block")
        return self._blocks[index]

    def _grow(self, block: _Block, delta: object) -> None:
        if not isinstance(delta, dict):
            raise BrokenStreamError("a delta is malformed")
        kind, said = delta.get("type"), block.said
        name = _TEXT_DELTAS.get(kind) if isinstance(kind, str) else None
        if name is not None and delta.keys() == {"type", name}:
            begun = _text(said.setdefault(name, ""))
            block.texts.setdefault(name, [begun]).append(_text(delta[name]))
        elif kind == _INPUT and delta.keys() == {"type", "partial_json"}:
            block.pieces.append(_text(delta["partial_json"]))
        elif kind == _SIGNATURE and delta.keys() == {"type", "signature"}:
            self.ambiguous = self.ambiguous or bool(said.get("signature"))  # more of it, or another
            said["signature"] = _text(delta["signature"])
        elif kind == _CITATION and delta.keys() == {"type", "citation"}:
            if block.citations is None:
                listed = said.get("citations")
                said["citations"] = block.citations = [*listed] if isinstance(listed, list) else []
            block.citations.append(delta["citation"])
        else:
            self.ambiguous = True

    def _end(self, event: JsonObject) -> None:
        """Take what is known only at the end: of numbers the last ones hold."""
        delta, usage = event.get("delta"), event.get("usage")
        if self._message is None or not isinstance(delta, dict):
            raise BrokenStreamError("a message's end is malformed")
        beside = {name: event[name] for name in event.keys() - {"type", "delta", "usage"}}
        for name, value in {**delta, **beside}.items():
            if value is not None or name not in self._message:
                self._message[name] = value
        if isinstance(usage, dict):
            held = self._message.get("usage")
            counted = dict(held) if isinstance(held, dict) else {}
            new = {name: value for name, value in usage.items() if value is not None}
            self._message["usage"] = {**counted, **new}

    def _whole(self, block: _Block) -> JsonObject:
        if block.is_open:
            self.ambiguous = True
        said = {**block.said, **{name: "".join(text) for name, text in block.texts.items()}}
        spelt = "".join(block.pieces)
        if not spelt:
            return said
        try:
            return {**said, "input": json.loads(spelt)}
        except (ValueError, RecursionError):
            self.ambiguous = True
            return {**said, "input": spelt}


def _text(value: object) -> str:
    if not isinstance(value, str | None):
        raise BrokenStreamError("a text is none")
    return value or ""


def events(message: JsonObject) -> str:
    """The SSE events of a whole message. Raises LookupError where it does not report its tokens."""
    return "".join(
        named_event(cast("str", event["type"]), compact_text(event)) for event in _events(message)
    )


_KNOWN_AT_THE_END = ("stop_reason", "stop_sequence", "stop_details", "container")
_COUNTED_AT_THE_END = ("output_tokens_details",)
_BESIDE_THE_END = ("context_management",)
"""Fields of beta features: clients read them from the event itself, not from its delta."""


def _events(message: JsonObject) -> Iterator[JsonObject]:
    usage = cast("JsonObject", message["usage"])
    details = {name: usage[name] for name in _COUNTED_AT_THE_END if name in usage}
    late = {"output_tokens": usage["output_tokens"], **details}
    early = {name: value for name, value in usage.items() if name not in late}
    early["output_tokens"] = 0
    empty = {name: None for name in _KNOWN_AT_THE_END if name in message}
    beside = {name: message[name] for name in _BESIDE_THE_END if name in message}
    begun = {name: value for name, value in message.items() if name not in beside}
    yield {"type": "message_start", "message": {**begun, "content": [], **empty, "usage": early}}
    for index, block in enumerate(cast("list[JsonObject]", message["content"])):
        yield from _block_events(block, index)
    ended = {name: message[name] for name in _KNOWN_AT_THE_END if name in message}
    yield {"type": "message_delta", "delta": ended, "usage": late, **beside}
    yield {"type": "message_stop"}


_EMPTIED: Mapping[object, JsonObject] = {
    "text_delta": {"text": ""},
    "thinking_delta": {"thinking": ""},
    _SIGNATURE: {"signature": ""},
    _CITATION: {"citations": []},
    _INPUT: {"input": {}},
}
"""What a block is opened with in place of what its deltas spell."""


def _block_events(block: JsonObject, index: int) -> Iterator[JsonObject]:
    opened, deltas = dict(block), list(_deltas(block))
    for delta in deltas:
        opened |= _EMPTIED[delta["type"]]
    yield {"type": "content_block_start", "index": index, "content_block": opened}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _deltas(block: JsonObject) -> Iterator[JsonObject]:
    """What spells a block, in Anthropic's order; a block of another type comes in one piece."""
    match block.get("type"):
        case "text":
            if block.get("text"):
                yield {"type": "text_delta", "text": block["text"]}
            citations = block.get("citations")
            for citation in citations if isinstance(citations, list) else []:
                yield {"type": _CITATION, "citation": citation}
        case "thinking":
            if block.get("thinking"):
                yield {"type": "thinking_delta", "thinking": block["thinking"]}
            if block.get("signature"):
                yield {"type": _SIGNATURE, "signature": block["signature"]}
        case "tool_use":
            if "input" in block:
                yield {"type": _INPUT, "partial_json": compact_text(block["input"])}


def word_by_word(event: JsonObject) -> list[JsonObject]:
    """A delta of text word by word; any other event as it is."""
    delta = event.get("delta")
    name = _TEXT_DELTAS.get(str(delta.get("type"))) if isinstance(delta, dict) else None
    text = delta.get(name) if isinstance(delta, dict) and name is not None else None
    if name is None or not isinstance(text, str) or not text:
        return [event]
    said = cast("JsonObject", delta)
    return [{**event, "delta": {**said, name: word}} for word in words(text)]
