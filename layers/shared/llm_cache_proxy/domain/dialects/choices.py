"""A stream of chunks with choices put together, for chat and text completions.

What stands on a chunk beside its choices belongs to the whole answer; `merging` says how the
pieces of a choice add up.
"""

import json
from collections.abc import Callable

from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.merging import Merging, is_empty
from llm_cache_proxy.domain.dialects.tool_calls import ToolCalls
from llm_cache_proxy.domain.json_text import JsonObject

_NATURAL_ENDS = ("stop", "function_call", "tool_calls")
"""Finish reasons of whole answers, the one that says most last; any other outweighs them."""


class Choice:
    """One choice so far: `said` from its deltas, `rest` from beside them."""

    def __init__(self, merging: Merging) -> None:
        self.rest: JsonObject = {}
        self._merging = merging
        self._said: JsonObject = {}
        self._calls = ToolCalls(merging)

    def said(self) -> JsonObject:
        """What the deltas add up to."""
        said = dict(self._said)
        if isinstance(said.get("tool_calls"), list):
            said["tool_calls"] = self._calls.whole()
        return said

    def add_delta(self, delta: JsonObject) -> None:
        """Take a delta up."""
        pieces = delta.get("tool_calls")
        if not is_empty(pieces) or isinstance(pieces, list):
            self._said["tool_calls"] = []
            self._calls.add(pieces)
            delta = {name: value for name, value in delta.items() if name != "tool_calls"}
        self._merging.add_delta(self._said, delta)

    def add_beside(self, name: str, value: object) -> None:
        """Take up what stands beside a delta."""
        held = self.rest.get(name)
        if name == "logprobs" and isinstance(value, dict):
            whole = dict(held) if isinstance(held, dict) else {}
            self._merging.add_logprobs(whole, value)
            self.rest[name] = whole
        elif name == "finish_reason" and not is_empty(held) and not is_empty(value):
            self.rest[name] = max(held, value, key=_weight)
        elif name == "message" and isinstance(value, dict):
            self.rest[name] = value  # the whole so far, or the delta again: the deltas hold
        else:
            self._merging.add_beside(self.rest, {name: value})


def _weight(finish_reason: object) -> int:
    known = finish_reason in _NATURAL_ENDS
    return _NATURAL_ENDS.index(str(finish_reason)) if known else len(_NATURAL_ENDS)


class ChoicesAssembler:
    """Collects chunks; `completion()` is the answer as the JSON endpoint would have sent it.

    `delta_name` is the member of a streamed choice that its whole is spelt by; `finished` makes
    a choice of the JSON endpoint from its index and what was collected.
    """

    def __init__(
        self, object_name: str, delta_name: str, finished: Callable[[int, Choice], JsonObject]
    ) -> None:
        self._object_name = object_name
        self._delta_name = delta_name
        self._finished = finished
        self._merging = Merging()
        self._top: JsonObject = {}
        self._choices: dict[int, Choice] = {}

    def add(self, data: str) -> JsonObject:
        """Take one event's data and give the parsed chunk back.

        Raises BrokenStreamError where it is no chunk, or an error event.
        """
        chunk = parsed_event(data)
        choices = chunk.get("choices") or []
        if tells_of_error(chunk) or not isinstance(choices, list):
            raise BrokenStreamError("an event is not a chunk")
        top = self._top
        more = {
            name: value
            for name, value in chunk.items()
            if name != "choices" and not (isinstance(value, str | int) and top.get(name) == value)
        }
        if "usage" in more and more["usage"] is None:
            del more["usage"]
        self._merging.add_beside(top, more)
        for choice in choices:
            self._add_choice(choice)
        return chunk

    def completion(self) -> JsonObject:
        """The whole answer so far, `object` named as the JSON endpoint names it."""
        choices = [self._finished(index, self._choices[index]) for index in sorted(self._choices)]
        return {**self._top, "object": self._object_name, "choices": choices}

    @property
    def ambiguous(self) -> bool:
        """Whether the whole could be read in another way; known once it was put together."""
        return bool(self._merging.ambiguous)

    @property
    def reshaped(self) -> bool:
        """Whether the whole tells its text in other parts than the stream did."""
        return self._merging.reshaped

    def _add_choice(self, choice: object) -> None:
        index = (choice.get("index") or 0) if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or type(index) is not int:
            raise BrokenStreamError("a choice is malformed")
        whole = self._choices.get(index)
        if whole is None:
            whole = self._choices[index] = Choice(self._merging)
        delta = choice.get(self._delta_name)
        if delta:
            whole.add_delta(self._delta(delta))
        for name, value in choice.items():
            if name not in {self._delta_name, "index"}:
                whole.add_beside(name, value)

    def _delta(self, delta: object) -> JsonObject:
        if isinstance(delta, dict):
            return delta
        if isinstance(delta, str) and self._delta_name == "text":
            return {"text": delta}
        raise BrokenStreamError("a delta is malformed")


def tells_of_error(answer: JsonObject) -> bool:
    """Whether an answer or a chunk has an error; some upstreams name one that is null."""
    return answer.get("error") not in (None, "", False)


def parsed_event(data: str) -> JsonObject:
    """An event's JSON object. Raises BrokenStreamError where it is none."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise BrokenStreamError("an event is not JSON") from exc
    if not isinstance(event, dict):
        raise BrokenStreamError("an event is not an object")
    return event
