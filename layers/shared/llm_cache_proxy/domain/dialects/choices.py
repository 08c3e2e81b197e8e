"""A stream of chunks with choices put together: chat and text completions alike.

Deltas are merged by index across choices and tool calls; what stands on a chunk beside its
choices belongs to the whole answer.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from llm_cache_proxy.domain.dialects.deltas import merge
from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.json_text import JsonObject


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
