"""A stream of chunks with choices put together, for chat and text completions.

What stands on a chunk beside its choices belongs to the whole answer; `merging` says how the
pieces of a choice add up.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.streams.merging import Merging, is_empty
from llm_cache_proxy.domain.dialects.streams.tool_calls import ToolCalls
from llm_cache_proxy.domain.json_text import JsonObject

_NATURAL_ENDS = ("stop", "function_call", "tool_calls")
"""Finish reasons of whole answers, the one that says most last; any other outweighs them."""


_CHUNK_MEMBERS = frozenset({"choices", "usage", "object"})
"""Any of them makes an event a chunk; without them it may be an error that is not named as one."""

_PLAIN = (str, int)
"""A value of these that comes again says nothing new."""

_SIGNS_OF_LIFE = ("ping", "keepalive", "keep-alive", "heartbeat")


@dataclass(slots=True)
class Choice:
    """One choice so far: `said` from its deltas, `rest` from beside them."""

    _merging: Merging
    _calls: ToolCalls
    rest: JsonObject = field(default_factory=dict)
    _said: JsonObject = field(default_factory=dict)
    _beside_message: JsonObject = field(default_factory=dict)
    """The delta that the last message stood beside."""

    def said(self) -> JsonObject:
        """What the deltas add up to."""
        for text in self._merging.texts.values():
            text.whole[text.name] = "".join(text.pieces)
        self._merging.texts.clear()
        said = dict(self._said)
        if isinstance(said.get("tool_calls"), list):
            said["tool_calls"] = self._calls.whole()
        message = self.rest.get("message")
        if isinstance(message, dict) and not self._is_said(message, said):
            self._merging.ambiguous.add("message")
        return said

    def _is_said(self, message: JsonObject, said: JsonObject) -> bool:
        """Whether the deltas, or the one beside it, say all of a message."""
        return _is_part(message, said) or _is_part(message, self._beside_message)

    def add_delta(self, delta: JsonObject) -> None:
        """Take a delta up."""
        pieces = delta.get("tool_calls")
        if pieces is not None and (isinstance(pieces, list) or not is_empty(pieces)):
            self._said["tool_calls"] = []
            self._calls.add(pieces)
            delta = {name: value for name, value in delta.items() if name != "tool_calls"}
        self._merging.add_delta(self._said, delta)

    def add_message(self, message: JsonObject, delta: object) -> None:
        """Take up a message beside a delta: the whole so far, or the delta again."""
        if "message" not in self.rest or _says_more(message):
            self.rest["message"] = message
            self._beside_message = delta if isinstance(delta, dict) else {}

    def add_outside_delta(self, name: str, value: object) -> None:
        """Add a field from outside the delta."""
        held = self.rest.get(name)
        if name == "finish_reason" and value == "null":
            value = None  # as some upstreams spell it
        if held is None or value is None:
            self.rest[name] = held if value is None else value
        elif name == "logprobs" and isinstance(value, dict):
            whole = dict(held) if isinstance(held, dict) else {}
            self._merging.add_logprobs(whole, value)
            self.rest[name] = whole
        elif name == "finish_reason" and not is_empty(held) and not is_empty(value):
            self.rest[name] = max(held, value, key=_weight)
            if held != value and self.rest[name] not in _NATURAL_ENDS:
                self._merging.ambiguous.add(name)  # one client takes the first, another the last
        else:
            self._merging.add_outside_delta(self.rest, {name: value})


def _says_more(message: JsonObject) -> bool:
    return any(name != "role" and not is_empty(value) for name, value in message.items())


def _is_part(message: JsonObject, whole: JsonObject) -> bool:
    """Whether `whole` has all that a message says."""
    return all(
        name == "role" or is_empty(value) or whole.get(name) == value
        for name, value in message.items()
    )


def _is_text_of(delta: JsonObject, text: object) -> bool:
    return "content" in delta and (text or "") == (delta["content"] or "")


def _weight(finish_reason: object) -> int:
    known = finish_reason in _NATURAL_ENDS
    return _NATURAL_ENDS.index(str(finish_reason)) if known else len(_NATURAL_ENDS)


@dataclass(slots=True)
class ChoicesAssembler:
    """Collects chunks; `completion()` is the answer as the JSON endpoint would have sent it.

    `delta_name` is the member of a streamed choice that its whole is spelt by; `finished` makes
    a choice of the JSON endpoint from its index, what its deltas said, and what stood beside them.
    """

    _object_name: str
    _delta_name: str
    _finished: Callable[[int, JsonObject, JsonObject], JsonObject]
    begins: bool = False
    ambiguous: bool = False
    reshaped: bool = False
    _merging: Merging = field(default_factory=Merging)
    _top: JsonObject = field(default_factory=dict)
    _choices: dict[int, Choice] = field(default_factory=dict)

    def add(self, data: str) -> JsonObject:
        """Take one event's data and give the parsed chunk back.

        Raises BrokenStreamError where it is no chunk, or an error event.
        """
        chunk = parsed_event(data)
        choices = chunk.get("choices") or []
        if tells_of_error(chunk) or not isinstance(choices, list):
            raise BrokenStreamError("an event is not a chunk")
        if _CHUNK_MEMBERS.isdisjoint(chunk):
            if chunk and chunk.get("type") not in _SIGNS_OF_LIFE:
                raise BrokenStreamError("an event says something of its own")
            return chunk
        self._add_beside_choices(chunk)
        self.begins = False
        for choice in choices:
            self._add_choice(choice)
        if len(choices) > 1 and len({_index_of(choice) for choice in choices}) < len(choices):
            self._merging.ambiguous.add("index")
        return chunk

    def _add_beside_choices(self, chunk: JsonObject) -> None:
        for name, value in chunk.items():
            if name == "choices" or (name == "usage" and value is None):
                continue
            held = self._top.get(name)
            if held is None:
                self._top[name] = value
            elif name == "usage":
                self._top[name] = self._merging.latest(name, held, value)
            elif held != value or not isinstance(value, _PLAIN):
                self._merging.add_outside_delta(self._top, {name: value})

    def completion(self) -> JsonObject:
        """The whole answer so far, `object` named as the JSON endpoint names it."""
        said = [(at, choice.said(), choice.rest) for at, choice in sorted(self._choices.items())]
        choices = [self._finished(*each) for each in said]
        self.ambiguous, self.reshaped = bool(self._merging.ambiguous), self._merging.reshaped
        return {**self._top, "object": self._object_name, "choices": choices}

    def _add_choice(self, choice: object) -> None:
        index = _index_of(choice)
        if not isinstance(choice, dict) or type(index) is not int:
            raise BrokenStreamError("a choice is malformed")
        whole = self._choices.get(index)
        if whole is None:
            self.begins = True
            whole = self._choices[index] = Choice(self._merging, ToolCalls(self._merging))
        delta = choice.get(self._delta_name)
        if delta:
            whole.add_delta(self._delta(delta))
        for name, value in choice.items():
            if name == "message" and isinstance(value, dict):
                whole.add_message(value, delta)
            elif name == "text" and isinstance(delta, dict) and _is_text_of(delta, value):
                self._merging.reshaped = True  # the delta again, which JSON does not have
            elif name not in {self._delta_name, "index"}:
                whole.add_outside_delta(name, value)

    def _delta(self, delta: object) -> JsonObject:
        if isinstance(delta, dict):
            return delta
        if isinstance(delta, str) and self._delta_name == "text":
            return {"text": delta}
        raise BrokenStreamError("a delta is malformed")


def _index_of(choice: object) -> object:
    return (choice.get("index") or 0) if isinstance(choice, dict) else None


def tells_of_error(chunk: JsonObject) -> bool:
    """Whether a chunk or an answer has an error, or is one; an empty one is none."""
    error = chunk.get("error")
    is_none = error is None or error is False or is_empty(error)
    return not is_none or chunk.get("object") == "error"


def parsed_event(data: str) -> JsonObject:
    """An event's JSON object. Raises BrokenStreamError where it is none."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise BrokenStreamError("an event is not JSON") from exc
    if not isinstance(event, dict):
        raise BrokenStreamError("an event is not an object")
    return event
