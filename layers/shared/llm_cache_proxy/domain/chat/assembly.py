"""A stream of chat completion chunks put together into the one message that it spells.

Deltas are merged by index across choices and tool calls. Fields that nobody knows yet are kept:
text grows, objects merge, lists merge by `index` or grow, anything else is replaced.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field

from llm_cache_proxy.domain.json_text import JsonObject

_SAID_ONCE = frozenset({"id", "type", "role", "index", "object", "format"})


class BrokenStreamError(ValueError):
    """The stream is not one of chat completion chunks, or carries an error."""


@dataclass(slots=True)
class _Choice:
    message: JsonObject = field(default_factory=dict)
    rest: JsonObject = field(default_factory=dict)


class ChatAssembler:
    """Collects chunks; `completion()` is the answer as the JSON endpoint would have sent it."""

    def __init__(self) -> None:
        self._top: JsonObject = {}
        self._choices: dict[int, _Choice] = {}

    def add(self, data: str) -> JsonObject:
        """Take one event's data and give the parsed chunk back.

        Raises BrokenStreamError where it is no chunk, or an error event.
        """
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError) as exc:
            raise BrokenStreamError("an event is not JSON") from exc
        if not isinstance(chunk, dict) or "error" in chunk:
            raise BrokenStreamError("an event is not a chunk")
        choices = chunk.get("choices", [])
        if not isinstance(choices, list):
            raise BrokenStreamError("`choices` is not an array")
        self._top.update(
            {
                name: value
                for name, value in chunk.items()
                if name != "choices" and not (name == "usage" and value is None)
            }
        )
        for choice in choices:
            self._add_choice(choice)
        return chunk

    def _add_choice(self, choice: object) -> None:
        if not isinstance(choice, dict) or not isinstance(choice.get("index", 0), int):
            raise BrokenStreamError("a choice is malformed")
        delta = choice.get("delta") or {}
        if not isinstance(delta, dict):
            raise BrokenStreamError("a delta is malformed")
        whole = self._choices.setdefault(choice.get("index", 0), _Choice())
        _merge(whole.message, delta)
        for name, value in choice.items():
            if name == "logprobs" and isinstance(value, dict):
                held = whole.rest.get("logprobs")
                whole.rest["logprobs"] = _merge(held if isinstance(held, dict) else {}, value)
            elif name not in {"delta", "index"} and (value is not None or name not in whole.rest):
                whole.rest[name] = value

    def completion(self) -> JsonObject:
        """The whole answer so far, `object` named as the JSON endpoint names it."""
        choices = [_finished(index, self._choices[index]) for index in sorted(self._choices)]
        return {**self._top, "object": "chat.completion", "choices": choices}


def _finished(index: int, choice: _Choice) -> JsonObject:
    whole = dict(choice.message)
    calls = whole.get("tool_calls")
    if isinstance(calls, list):
        whole["tool_calls"] = [_without_index(call) for call in calls]
    if whole.get("content") == "" and whole.get("tool_calls"):
        whole["content"] = None
    whole.setdefault("content", None)
    whole.setdefault("role", "assistant")
    return {"index": index, "message": whole, "logprobs": None, **choice.rest}


def _without_index(call: object) -> object:
    if not isinstance(call, dict):
        return call
    return {name: value for name, value in call.items() if name != "index"}


def _merge(whole: JsonObject, delta: JsonObject) -> JsonObject:
    for name, value in delta.items():
        whole[name] = _merged(name, whole.get(name), value)
    return whole


def _merged(name: str, old: object, new: object) -> object:
    if new is None:
        return old
    if old is None:
        return _grown([], new) if isinstance(new, list) else _copied(new)
    if isinstance(old, str) and isinstance(new, str):
        return new if name in _SAID_ONCE else _joined(name, old, new)
    if isinstance(old, dict) and isinstance(new, dict):
        return _merge(old, new)
    if isinstance(old, list) and isinstance(new, list):
        return _grown(old, new)
    return new


def _copied(value: object) -> object:
    return _merge({}, value) if isinstance(value, dict) else value


def _joined(name: str, old: str, new: str) -> str:
    if name == "name" and old == new:  # some upstreams repeat a function's name in every delta
        return old
    if name == "data" and old.endswith("="):  # base64 that was padded piece by piece (audio)
        try:
            return base64.b64encode(base64.b64decode(old) + base64.b64decode(new)).decode()
        except (ValueError, binascii.Error):
            return old + new
    return old + new


def _grown(old: list[object], new: list[object]) -> list[object]:
    grown = list(old)
    for item in new:
        index = item.get("index") if isinstance(item, dict) else None
        place = next(
            (
                at
                for at, held in enumerate(grown)
                if isinstance(index, int) and isinstance(held, dict) and held.get("index") == index
            ),
            None,
        )
        if place is None:
            grown.append(_copied(item))
        else:
            grown[place] = _merged("", grown[place], item)
    grown.sort(key=_index)
    return grown


def _index(item: object) -> int:
    index = item.get("index") if isinstance(item, dict) else None
    return index if isinstance(index, int) else 0
