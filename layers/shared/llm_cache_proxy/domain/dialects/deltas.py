"""Pieces of JSON put together: what a stream's deltas spell.

Fields that nobody knows yet are kept: text grows, objects merge, lists merge by `index` or grow,
anything else is replaced.
"""

import base64
import binascii

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
