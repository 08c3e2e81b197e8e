"""How the pieces of a streamed answer add up, field by field.

Inside a delta known texts are joined; everything else is said once, however often it is repeated.
Beside the deltas nothing is joined. A null, an empty string, a zero and an empty object or list
never replace a value. Where pieces can be read in more than one way, `Merging.ambiguous` names the
field: such an answer must not be served in another form than it came in.
"""

import base64
import binascii
from dataclasses import dataclass, field

from llm_cache_proxy.domain.dialects.streams.known_fields import (
    CHANGING,
    FIRST_STANDS,
    IN_PIECES,
    INDEXED,
    TEXTS,
    TOKENS,
)
from llm_cache_proxy.domain.json_text import JsonObject


def is_empty(value: object) -> bool:
    """Whether a value says nothing, so that it replaces none."""
    return value is None or (not isinstance(value, bool) and value in ("", 0, {}, []))


@dataclass(slots=True)
class Text:
    """The pieces of a text, of which `whole` holds the first piece alone until the stream ends."""

    whole: JsonObject
    name: str
    pieces: list[str]


class _Growing(list[object]):
    """A list of ours, which grows in place; one of a chunk does not."""


@dataclass(slots=True)
class Merging:
    """Adds pieces to what came before them, and remembers where that was not certain.

    `texts` are to be joined by who reads them: to join each piece would copy a long text each time.
    `reshaped`: `content` came as text and as parts, and is stored as parts; or each piece of it
    came once more beside its delta.
    """

    ambiguous: set[str] = field(default_factory=set)
    reshaped: bool = False
    texts: dict[tuple[int, str], Text] = field(default_factory=dict)
    """By the identity of the object that each stands in, and which it keeps."""

    def add_delta(self, whole: JsonObject, delta: JsonObject) -> None:
        """Add what a delta says to `whole`."""
        self._add(whole, delta, "")

    def add_outside_delta(self, whole: JsonObject, more: JsonObject) -> None:
        """Add fields from outside a delta, or outside the choices, to `whole`."""
        for name, new in more.items():
            old = whole.get(name)
            if old is None:
                whole[name] = new
            elif not is_empty(new):
                whole[name] = new if is_empty(old) else self._beside(name, old, new)

    def latest(self, name: str, old: object, new: object) -> object:
        """What is counted while an answer goes on: the last value that says something."""
        if old is None or is_empty(new):
            return new if old is None else old
        if isinstance(old, dict) and isinstance(new, dict):
            return {**old, **{each: self.latest(each, old.get(each), new[each]) for each in new}}
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            pairs = zip(old, new, strict=True)
            return [self.latest(name, earlier, later) for earlier, later in pairs]
        if old != new and not _both_numbers(old, new):
            self.ambiguous.add(name)
        return new

    def add_logprobs(self, whole: JsonObject, more: JsonObject) -> None:
        """Add log probabilities: a list has an item a token, and grows by each."""
        for name, new in more.items():
            old = whole.get(name)
            if isinstance(old, list) and isinstance(new, list):
                whole[name] = _lengthened(old, new)
            else:
                self.add_outside_delta(whole, {name: new})

    def _add(self, whole: JsonObject, delta: JsonObject, parent: str) -> None:
        for name, new in delta.items():
            old = whole.get(name)
            if name in TEXTS and isinstance(old, str) and old and isinstance(new, str | None):
                self._go_on(whole, name, old, new or "")
                continue
            text = self.texts.pop((id(whole), name), None)
            if text is not None:
                whole[name] = "".join(text.pieces)
            whole[name] = self._said(name, whole.get(name), new, parent)

    def _go_on(self, whole: JsonObject, name: str, begun: str, piece: str) -> None:
        place = (id(whole), name)
        text = self.texts.get(place)
        if text is None:
            text = self.texts[place] = Text(whole, name, [begun])
        text.pieces.append(piece)

    def _said(self, name: str, old: object, new: object, parent: str) -> object:
        if old is None or (is_empty(old) and not is_empty(new)):
            return self._copied(name, new)
        if is_empty(new):
            return old
        if isinstance(old, str) and isinstance(new, str):
            return self._joined(name, old, new, parent)
        return self._combined(name, old, new)

    def _combined(self, name: str, old: object, new: object) -> object:
        if isinstance(old, dict) and isinstance(new, dict):
            self._add(old, new, name)
            return old
        if isinstance(old, list) and isinstance(new, list):
            return self._grown(name, old, new)
        if name == "content" and isinstance(old, str | list) and isinstance(new, str | list):
            return self._parts(old, new)
        return self._replaced(name, old, new)

    def _copied(self, name: str, new: object) -> object:
        if isinstance(new, dict):
            whole: JsonObject = {}
            self._add(whole, new, name)
            return whole
        return self._grown(name, [], new) if isinstance(new, list) else new

    def _joined(self, name: str, old: str, new: str, parent: str) -> str:
        if name == "data" and parent == "audio":
            return _joined_base64(old, new)
        if old == new:
            return old
        self.ambiguous.add(name)
        return old if name in {"id", "role", "type"} else old + new

    def _replaced(self, name: str, old: object, new: object) -> object:
        if not _both_numbers(old, new) and old != new:
            self.ambiguous.add(name)
        return new

    def _parts(self, old: str | list[object], new: str | list[object]) -> list[object]:
        self.reshaped = True
        if isinstance(new, list):
            return [_text_part(str(old)), *self._grown("content", [], new)]
        parts = list(old)
        last = parts[-1]
        if isinstance(last, dict) and last.keys() == {"type", "text"}:
            parts[-1] = {**last, "text": f"{last['text']}{new}"}
        else:
            parts.append(_text_part(new))
        return parts

    def _grown(self, name: str, held: list[object], new: list[object]) -> list[object]:
        if held and new and name not in TOKENS and not _are_indexed(new):
            self._check_repeat(name, held, new)
        for item in new:
            place = self._place(name, held, item)
            if place is None:
                held.append(self._copied("", item) if isinstance(item, dict) else item)
            else:
                self._add(*place, name)
        if _are_indexed(held):
            held.sort(key=_index)
        return held

    def _check_repeat(self, name: str, held: list[object], new: list[object]) -> None:
        """See whether a list may be the one before, sent again with or without more of it."""
        if len(held) == len(new):
            for text in self.texts.values():
                text.whole[text.name] = "".join(text.pieces)
        again = new[: len(held)] == held or (name not in TEXTS and held[-len(new) :] == new)
        if again or name in IN_PIECES:
            self.ambiguous.add(name)

    def _place(
        self, name: str, held: list[object], item: object
    ) -> tuple[JsonObject, JsonObject] | None:
        """The held item that `item` goes on with, and `item`.

        It has the same index and type, and no other id.
        """
        if not isinstance(item, dict) or not _has_index(item):
            return None
        same = [other for other in held if isinstance(other, dict) and _same_index(other, item)]
        if same and name not in INDEXED and not isinstance(item.get("type"), str):
            self.ambiguous.add(name)
            return None
        fitting = next((other for other in reversed(same) if _fits(other, item)), None)
        return None if fitting is None else (fitting, item)

    def _beside(self, name: str, old: object, new: object) -> object:
        if isinstance(old, dict) and isinstance(new, dict):
            whole = dict(old)
            self.add_outside_delta(whole, new)
            return whole
        if isinstance(old, list) and isinstance(new, list):
            return self._listed(name, old, new)
        if name in FIRST_STANDS:
            return old
        if name not in CHANGING and not _both_numbers(old, new) and old != new:
            self.ambiguous.add(name)
        if name in TEXTS and old == new:
            self.ambiguous.add(name)  # a repeat, or a piece that is the same
        return new

    def _listed(self, name: str, old: list[object], new: list[object]) -> list[object]:
        """A list that each chunk repeats, whole or so far; or of tokens, which grows by each.

        Another one may go on with the first, or take its place, and numbers may be of tokens: that
        is ambiguous.
        """
        if name in TOKENS:
            return _lengthened(old, new)
        if new[: len(old)] != old or all(isinstance(item, int | float) for item in new):
            self.ambiguous.add(name)
        return new


def _lengthened(held: list[object], new: list[object]) -> list[object]:
    """Both; what is held is not copied for each piece."""
    grown = held if isinstance(held, _Growing) else _Growing(held)
    grown.extend(new)
    return grown


def _both_numbers(old: object, new: object) -> bool:
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in (old, new))


def _joined_base64(old: str, new: str) -> str:
    """Base64 that was padded piece by piece, as one."""
    if not old.endswith("="):
        return old + new
    try:
        return base64.b64encode(base64.b64decode(old) + base64.b64decode(new)).decode()
    except (ValueError, binascii.Error):
        return old + new


def _text_part(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def _has_index(item: object) -> bool:
    return isinstance(item, dict) and type(item.get("index")) is int


def _index(item: object) -> int:
    index = item.get("index") if isinstance(item, dict) else None
    return index if isinstance(index, int) else 0


def _are_indexed(items: list[object]) -> bool:
    return bool(items) and all(map(_has_index, items))


def _same_index(held: JsonObject, item: JsonObject) -> bool:
    return _has_index(held) and held["index"] == item["index"]


def _fits(held: JsonObject, item: JsonObject) -> bool:
    """Whether neither type nor id says that `item` is another one than `held`."""
    return all(
        is_empty(item.get(name)) or is_empty(held.get(name)) or item[name] == held[name]
        for name in ("type", "id")
    )
