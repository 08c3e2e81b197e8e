"""One input's part of an answer: how it is stored, and how a batch's answer is assembled.

All other members of an item or an answer are kept as they came. Base64 comes from and goes to
clients as it is stored.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from llm_cache_proxy.domain.dialects.fields import token_count
from llm_cache_proxy.domain.embeddings.batch import Encoding, Input, shares
from llm_cache_proxy.domain.embeddings.frames import DATA, PLACE, VECTOR, Frame, Frames, split_at
from llm_cache_proxy.domain.embeddings.vectors import as_numbers, is_packed, packed
from llm_cache_proxy.domain.json_text import JsonObject

_USAGE = "usage"
_TOKENS = ("prompt_tokens", "total_tokens")


class Item(NamedTuple):
    """A `vector` (packed) and the `frame` around it; `tokens` are the item's own."""

    frame: Frame
    vector: bytes
    tokens: int

    def text(self) -> str:
        """The stored text, without the tokens: a JSON object whose last member is the vector."""
        return f'{self.frame.text}"{self.vector.decode("ascii")}"}}'


def parts_of(text: str) -> tuple[str, bytes]:
    """The frame and the vector of an item's stored text, as they stand; empty where it is none.

    The vector is not looked at: parsing each would cost more than all the rest of a batch.
    """
    start = text.rfind('"', 0, -len('"}'))
    frame, vector = text[: max(0, start)], text[start + 1 : -len('"}')]
    is_item = text.endswith('"}') and vector and "\\" not in vector
    return (frame, vector.encode("utf-8")) if is_item else ("", b"")


def stored_item(
    frame_text: str, vector: bytes, tokens: int, frames: Frames, encoding: Encoding
) -> Item | None:
    """The item in the parts of a stored text; None where there is none.

    The vector is looked at only where numbers are to be made of it.
    """
    frame = frames.stored(frame_text)
    if frame is None or (encoding is Encoding.FLOAT and not is_packed(vector)):
        return None
    return Item(frame, vector, tokens)


def items_in(answer: JsonObject, inputs: Sequence[Input]) -> list[Item] | None:
    """An upstream's answer to `inputs`, one item each; None where it does not have them.

    The tokens of the whole are shared out by length.
    """
    data = answer.get(DATA)
    if answer.get("error") or not isinstance(data, list) or len(data) != len(inputs):
        return None
    head, total = _head(answer)
    frames, found = Frames(), dict[int, tuple[Frame, bytes]]()
    for at, member in enumerate(data):
        vector = packed(member.get(VECTOR)) if isinstance(member, dict) else None
        place = member.get(PLACE, at) if isinstance(member, dict) else None
        frame = frames.made(head, member) if vector is not None else None
        if vector is None or frame is None or not isinstance(place, int):
            return None
        found[place] = (frame, vector)
    if set(found) != set(range(len(inputs))):
        return None
    counts = shares(total, inputs)
    return [Item(*found[at], counts[at]) for at in range(len(inputs))]


def _head(answer: JsonObject) -> tuple[JsonObject, int]:
    head, usage = {**answer, DATA: None}, answer.get(_USAGE)
    if not isinstance(usage, dict):
        return head, 0
    head[_USAGE] = {**usage, **{name: 0 for name in _TOKENS if name in usage}}
    return head, token_count(usage.get("prompt_tokens"))


def pieces_of(
    items: Sequence[Item], encoding: Encoding, around: JsonObject | None = None
) -> Iterator[bytes]:
    """The pieces of the answer to a batch: its head, then an item in three, then its end.

    `around` is the head, the first item's where it is None.
    """
    head = dict(items[0].frame.head if around is None else around)
    usage = head.get(_USAGE)
    if isinstance(usage, dict):
        tokens = sum(item.tokens for item in items)
        head[_USAGE] = {**usage, **{name: tokens for name in _TOKENS if name in usage}}
    before, behind = split_at(head, DATA)
    yield f"{before}[".encode()
    quote = b'"' if encoding is Encoding.BASE64 else b""
    for place, item in enumerate(items):
        start, end = item.frame.around(place)
        yield (b"," if place else b"") + start + quote
        yield item.vector if quote else as_numbers(item.vector)
        yield quote + end
    yield f"]{behind}".encode()
