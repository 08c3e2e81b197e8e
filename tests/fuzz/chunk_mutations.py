"""Streams of chunks as nobody would write them: known shapes, mutated and mixed."""

import copy
import json
from random import Random
from typing import Any

from samples.streamed_shapes import ALL

Chunk = dict[str, Any]

ODD: list[Any] = [
    None, "", 0, {}, [], "x", "analysis", 7, 1.5, True, False, ["a"], [1], {"a": "b"},
    [{"index": 0}], [{"type": "text", "text": "part"}], {"index": 0, "id": "call_z"},
    "call_a", "stop", "length",
]  # fmt: skip
NAMES = [
    "id", "index", "role", "content", "reasoning", "name", "arguments", "tool_calls", "function",
    "type", "finish_reason", "delta", "message", "usage", "model", "created", "error", "channel",
    "token_ids", "citations", "refusal", "choices", "logprobs", "text", "input", "images",
]  # fmt: skip
INTO = [
    {"content": "tail"},
    {"content": "tail"},
    {"reasoning": "why"},
    {"content": ["x", {"a": 1}]},
]


def chunks_of(body: bytes) -> list[Chunk]:
    """The chunks of a stream, without what is no JSON object."""
    lines = body.decode("utf-8-sig").splitlines()
    datas = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    found = []
    for data in datas:
        try:
            value = json.loads(data)
        except ValueError:
            continue
        if isinstance(value, dict) and "choices" in value:
            found.append(value)
    return found


SEEDS = [chunks_of(shape.body) for shape in ALL if shape.path == "/chat/completions"]
PIECES = [chunk for seed in SEEDS for chunk in seed]
MOST_CHANGES = 6


def mutated_stream(chance: Random) -> list[Chunk]:
    """A seed with up to six changes."""
    chunks = copy.deepcopy(chance.choice(SEEDS))
    for _ in range(chance.randint(0, MOST_CHANGES)):
        if chunks:
            kind, first, second = (chance.randrange(limit) for limit in (8, 10_000, 10_000))
            _change(chunks, kind, first, second)
    return chunks


def _change(chunks: list[Chunk], kind: int, first: int, second: int) -> None:
    at = first % len(chunks)
    match kind:
        case 0:
            del chunks[at]
        case 1:
            chunks.insert(second % (len(chunks) + 1), copy.deepcopy(chunks[at]))
        case 2:
            other = second % len(chunks)
            chunks[at], chunks[other] = chunks[other], chunks[at]
        case 3:
            chunks.insert(at, copy.deepcopy(PIECES[second % len(PIECES)]))
        case 4:
            chunks.insert(at, {"choices": [{"index": 0, "delta": copy.deepcopy(INTO[second % 4])}]})
        case _:
            places = list(_places(chunks[at]))
            if not places:
                return
            holder, name = places[second % len(places)]
            if kind == 5:
                del holder[name]
            elif kind == 6 and isinstance(holder, dict):
                holder[NAMES[first % len(NAMES)]] = copy.deepcopy(ODD[second % len(ODD)])
            else:
                holder[name] = copy.deepcopy(ODD[(first + second) % len(ODD)])


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every member and item, with what holds it."""
    found: list[tuple[Any, Any]] = []
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in list(members):
        found.append((value, name))
        if isinstance(inner, dict | list):
            found += _places(inner)
    return found
