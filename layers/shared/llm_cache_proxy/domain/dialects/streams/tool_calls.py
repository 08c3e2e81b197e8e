"""Which call a streamed piece of `tool_calls` belongs to, however an upstream counts its calls.

The index decides where it can. Another id at a taken index opens a new call, for some upstreams
give every call the index 0; a piece without index, id and name goes on with the last call.
"""

import json
from dataclasses import dataclass, field
from typing import cast

from llm_cache_proxy.domain.dialects.streams.merging import Merging, is_empty
from llm_cache_proxy.domain.json_text import JsonObject


@dataclass(slots=True)
class _Call:
    index: int | None
    said: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class ToolCalls:
    """The calls of one message so far; `merging` learns what is not certain."""

    _merging: Merging
    _calls: list[_Call] = field(default_factory=list)
    _last: _Call | None = None

    def add(self, pieces: object) -> None:
        """Take the pieces of one delta; what is no list of pieces belongs to no call."""
        listed = pieces if isinstance(pieces, list) else [None]
        gone_on: set[int] = set()
        for piece in listed:
            if not isinstance(piece, dict):
                self._merging.ambiguous.add("tool_calls")
                continue
            call = self._last = self._call_of(piece)
            if id(call) in gone_on:
                self._merging.ambiguous.add("index")  # why apart, if both are of one call
            gone_on.add(id(call))
            if isinstance(_arguments(piece), dict) and not is_empty(_arguments(call.said)):
                self._merging.ambiguous.add("arguments")
            said = {name: value for name, value in piece.items() if name != "index"}
            self._merging.add_delta(call.said, said)

    def whole(self) -> list[object]:
        """The calls as the JSON endpoint sends them, in the order of their indices."""
        calls = self._calls
        indices = {call.index for call in calls}
        if None not in indices and len(indices) == len(calls):
            calls = sorted(calls, key=lambda call: cast("int", call.index))
        if not all(_reads_as_json(call.said) for call in calls):
            self._merging.ambiguous.add("arguments")
        if not all(_name(call.said) or _is_of_another_kind(call.said) for call in calls):
            self._merging.ambiguous.add("tool_calls")  # a piece of a call that never began
        if any(map(self._may_be_a_beginning, calls)):
            self._merging.ambiguous.add("id")  # one id a call, or one a piece
        return [call.said for call in calls]

    def _may_be_a_beginning(self, call: _Call) -> bool:
        """Whether a call without arguments has others of the same function under its index."""
        if call.index is None or not is_empty(_arguments(call.said)):
            return False
        others = (other for other in self._calls if other is not call)
        return any(
            other.index == call.index and _name(other.said) == _name(call.said) for other in others
        )

    def _call_of(self, piece: JsonObject) -> _Call:
        index = piece.get("index")
        if type(index) is not int:
            if index is not None:
                self._merging.ambiguous.add("index")
            return self._by_name(piece)
        ident = piece.get("id")
        at_index = [call for call in self._calls if call.index == index]
        if not is_empty(ident):
            same = [call for call in self._calls if call.said.get("id") == ident]
            if same:
                if same[-1].index != index:
                    self._merging.ambiguous.add("index")
                return same[-1]
            at_index = [call for call in at_index if is_empty(call.said.get("id"))]
        if not at_index:
            return self._opened(index)
        if self._names_another(at_index[-1], piece):
            return self._opened(index)
        return at_index[-1]

    def _by_name(self, piece: JsonObject) -> _Call:
        """The call of a piece without an index."""
        ident = piece.get("id")
        if not is_empty(ident):
            same = [call for call in self._calls if call.said.get("id") == ident]
            return same[-1] if same else self._opened(None)
        if self._last is None:
            return self._opened(None)
        if not _name(piece):
            return self._last
        if _name(piece) == _name(self._last.said):
            self._merging.ambiguous.add("name")  # the same call, or the same function again
        return self._opened(None)

    def _names_another(self, call: _Call, piece: JsonObject) -> bool:
        """Whether a piece without an id of its own calls another function: that is not certain.

        Nor is it where neither has an id, and the name comes again.
        """
        held, named = _name(call.said), _name(piece)
        if held and held == named and is_empty(piece.get("id")) and is_empty(call.said.get("id")):
            self._merging.ambiguous.add("name")
        if not held or not named or held == named:
            return False
        self._merging.ambiguous.add("name")
        return True

    def _opened(self, index: int | None) -> _Call:
        call = _Call(index)
        self._calls.append(call)
        return call


def _name(call: JsonObject) -> str:
    for kind in ("function", "custom"):
        called = call.get(kind)
        if isinstance(called, dict) and isinstance(called.get("name"), str):
            return cast("str", called["name"])
    return ""


def _arguments(call: JsonObject) -> object:
    function = call.get("function")
    return function.get("arguments") if isinstance(function, dict) else None


def _is_of_another_kind(call: JsonObject) -> bool:
    """Whether it is neither a function's nor a custom tool's call, which have names."""
    kind = call.get("type")
    return not is_empty(kind) and kind not in ("function", "custom")


def _reads_as_json(call: JsonObject) -> bool:
    """Whether a function's arguments, put together, are JSON: pieces of two calls are not."""
    arguments = _arguments(call)
    if not isinstance(arguments, str) or not arguments.strip():
        return True
    try:
        json.loads(arguments)
    except (ValueError, RecursionError):
        return False
    return True
