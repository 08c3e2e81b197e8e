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


@dataclass(slots=True)
class Choice:
    """One choice so far: `said` from its deltas, `rest` from beside them."""

    _merging: Merging
    _calls: ToolCalls
    rest: JsonObject = field(default_factory=dict)
    _said: JsonObject = field(default_factory=dict)

    def said(self) -> JsonObject:
        """What the deltas add up to."""
        for text in self._merging.texts.values():
            text.whole[text.name] = "".join(text.pieces)
        self._merging.texts.clear()
        said = dict(self._said)
        if isinstance(said.get("tool_calls"), list):
            said["tool_calls"] = self._calls.whole()
        return said

    def add_delta(self, delta: JsonObject) -> None:
        """Take a delta up."""
        pieces = delta.get("tool_calls")
        if pieces is not None and (isinstance(pieces, list) or not is_empty(pieces)):
            self._said["tool_calls"] = []
            self._calls.add(pieces)
            delta = {name: value for name, value in delta.items() if name != "tool_calls"}
        self._merging.add_delta(self._said, delta)

    def add_outside_delta(self, name: str, value: object) -> None:
        """Add a field from outside the delta."""
        held = self.rest.get(name)
        if held is None or value is None:
            self.rest[name] = held if value is None else value
        elif name == "logprobs" and isinstance(value, dict):
            whole = dict(held) if isinstance(held, dict) else {}
            self._merging.add_logprobs(whole, value)
            self.rest[name] = whole
        elif name == "finish_reason" and not is_empty(held) and not is_empty(value):
            self.rest[name] = max(held, value, key=_weight)
        elif name == "message" and isinstance(value, dict):
            self.rest[name] = value  # the whole so far, or the delta again: the deltas hold
        else:
            self._merging.add_outside_delta(self.rest, {name: value})


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
        for name, value in chunk.items():
            held = self._top.get(name)
            if name == "choices" or (name == "usage" and value is None):
                continue
            if held is None:
                self._top[name] = value
            elif held != value or not isinstance(value, str | int):
                self._merging.add_outside_delta(self._top, {name: value})
        for choice in choices:
            self._add_choice(choice)
        return chunk

    def completion(self) -> JsonObject:
        """The whole answer so far, `object` named as the JSON endpoint names it."""
        said = [(at, choice.said(), choice.rest) for at, choice in sorted(self._choices.items())]
        choices = [self._finished(*each) for each in said]
        self.ambiguous, self.reshaped = bool(self._merging.ambiguous), self._merging.reshaped
        return {**self._top, "object": self._object_name, "choices": choices}

    def _add_choice(self, choice: object) -> None:
        index = (choice.get("index") or 0) if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or type(index) is not int:
            raise BrokenStreamError("a choice is malformed")
        whole = self._choices.get(index)
        if whole is None:
            whole = self._choices[index] = Choice(self._merging, ToolCalls(self._merging))
        delta = choice.get(self._delta_name)
        if delta:
            whole.add_delta(self._delta(delta))
        for name, value in choice.items():
            if name not in {self._delta_name, "index"}:
                whole.add_outside_delta(name, value)

    def _delta(self, delta: object) -> JsonObject:
        if isinstance(delta, dict):
            return delta
        if isinstance(delta, str) and self._delta_name == "text":
            return {"text": delta}
        raise BrokenStreamError("a delta is malformed")


NO_ERROR = (None, "", False)
"""What some upstreams name as the error of an answer or a chunk that has none."""


def tells_of_error(chunk: JsonObject) -> bool:
    """Whether a chunk has an error."""
    return chunk.get("error") not in NO_ERROR


def parsed_event(data: str) -> JsonObject:
    """An event's JSON object. Raises BrokenStreamError where it is none."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise BrokenStreamError("an event is not JSON") from exc
    if not isinstance(event, dict):
        raise BrokenStreamError("an event is not an object")
    return event
