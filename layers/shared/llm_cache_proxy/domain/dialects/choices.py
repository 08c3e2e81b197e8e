"""A stream of chunks with choices put together, for chat and text completions.

Deltas are merged by index across choices and tool calls; what stands on a chunk beside its
choices belongs to the whole answer.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.json_text import JsonObject

_SAID_ONCE = frozenset({"id", "type", "role", "index", "object", "format"})


def merge(whole: JsonObject, delta: JsonObject) -> JsonObject:
    """`whole`, which has taken `delta` up."""
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
        return merge(old, new)
    if isinstance(old, list) and isinstance(new, list):
        return _grown(old, new)
    return new


def _copied(value: object) -> object:
    return merge({}, value) if isinstance(value, dict) else value


def _joined(name: str, old: str, new: str) -> str:
    if name == "name" and old == new:  # some upstreams repeat a function's name in every delta
        return old
    if name == "data" and old.endswith("="):  # base64 that was padded piece by piece (audio)
        try:
            return base64.b64encode(base64.b64decode(old) + base64.b64decode(new)).decode()
        except (ValueError, binascii.Error):
            return old + new
    return old + new


def _grown(held: list[object], new: list[object]) -> list[object]:
    for item in new:
        index = item.get("index") if isinstance(item, dict) else None
        if not isinstance(index, int):
            held.append(_copied(item))
            continue
        place = next((at for at, other in enumerate(held) if _index(other) == index), None)
        if place is None:
            held.append(_copied(item))
            held.sort(key=_index_or_zero)
        else:
            held[place] = _merged("", held[place], item)
    return held


def _index(item: object) -> object:
    return item.get("index") if isinstance(item, dict) else None


def _index_or_zero(item: object) -> int:
    index = _index(item)
    return index if isinstance(index, int) else 0


@dataclass(slots=True)
class Choice:
    """One choice so far: `said` from its deltas, `rest` from beside them."""

    said: JsonObject = field(default_factory=dict)
    rest: JsonObject = field(default_factory=dict)


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
        self._top: JsonObject = {}
        self._choices: dict[int, Choice] = {}

    def add(self, data: str) -> JsonObject:
        """Take one event's data and give the parsed chunk back.

        Raises BrokenStreamError where it is no chunk, or an error event.
        """
        chunk = parsed_event(data)
        choices = chunk.get("choices", [])
        if "error" in chunk or not isinstance(choices, list):
            raise BrokenStreamError("an event is not a chunk")
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

    def completion(self) -> JsonObject:
        """The whole answer so far, `object` named as the JSON endpoint names it."""
        choices = [self._finished(index, self._choices[index]) for index in sorted(self._choices)]
        return {**self._top, "object": self._object_name, "choices": choices}

    def _add_choice(self, choice: object) -> None:
        if not isinstance(choice, dict) or not isinstance(choice.get("index", 0), int):
            raise BrokenStreamError("a choice is malformed")
        whole = self._choices.setdefault(choice.get("index", 0), Choice())
        self._add_delta(whole, choice.get(self._delta_name))
        for name, value in choice.items():
            if name == "logprobs" and isinstance(value, dict):
                held = whole.rest.get("logprobs")
                whole.rest["logprobs"] = merge(held if isinstance(held, dict) else {}, value)
            elif name not in {self._delta_name, "index"} and (
                value is not None or name not in whole.rest
            ):
                whole.rest[name] = value

    def _add_delta(self, whole: Choice, delta: object) -> None:
        if not delta:
            return
        if isinstance(delta, str):
            merge(whole.said, {self._delta_name: delta})
        elif isinstance(delta, dict):
            merge(whole.said, delta)
        else:
            raise BrokenStreamError("a delta is malformed")


def parsed_event(data: str) -> JsonObject:
    """An event's JSON object. Raises BrokenStreamError where it is none."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as exc:
        raise BrokenStreamError("an event is not JSON") from exc
    if not isinstance(event, dict):
        raise BrokenStreamError("an event is not an object")
    return event
