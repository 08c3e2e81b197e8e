"""One input's part of an answer: how it is kept, and how a batch's answer is put together.

Whatever else an upstream tells of an item or of an answer is kept as it came. Base64 comes from
and goes to clients as it is stored.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.dialects.fields import token_count
from llm_cache_proxy.domain.embeddings.batch import Encoding, Input, shares
from llm_cache_proxy.domain.embeddings.vectors import as_numbers, packed
from llm_cache_proxy.domain.json_text import JsonObject, compact_text

_DATA, _USAGE, _VECTOR, _PLACE = "data", "usage", "embedding", "index"
_TOKENS = ("prompt_tokens", "total_tokens")


@dataclass(frozen=True, slots=True)
class Item:
    """`head` is the answer around the items, `member` the item around its `vector` (packed).

    Both keep the order of their members; the vector, and the tokens of the whole, are
    not in them.
    """

    head: JsonObject
    member: JsonObject
    vector: str
    tokens: int

    def text(self) -> str:
        """As it is stored, but for the tokens."""
        return compact_text({"head": self.head, "member": self.member, "vector": self.vector})


def stored_item(text: str, tokens: int) -> Item | None:
    """The item in a stored text; None where there is none."""
    try:
        fields = json.loads(text)
        item = Item(fields["head"], fields["member"], fields["vector"], tokens)
    except (ValueError, LookupError, TypeError):
        return None
    parts = (item.head, item.member)
    whole = all(isinstance(part, dict) for part in parts) and isinstance(item.vector, str)
    return item if whole else None


def items_in(answer: JsonObject, inputs: Sequence[Input]) -> list[Item] | None:
    """An upstream's answer to `inputs`, one item each; None where it does not have them.

    The tokens of the whole are shared out by length.
    """
    data = answer.get(_DATA)
    if answer.get("error") or not isinstance(data, list) or len(data) != len(inputs):
        return None
    head, total = _head(answer)
    found: dict[int, tuple[JsonObject, str]] = {}
    for at, member in enumerate(data):
        vector = packed(member.get(_VECTOR)) if isinstance(member, dict) else None
        place = member.get(_PLACE, at) if isinstance(member, dict) else None
        if vector is None or not isinstance(place, int):
            return None
        found[place] = ({**member, _VECTOR: None}, vector)
    members = [member for member, _ in found.values()]
    if set(found) != set(range(len(inputs))) or not _is_writable([head, *members]):
        return None
    counts = shares(total, inputs)
    return [Item(head, *found[at], counts[at]) for at in range(len(inputs))]


def _is_writable(value: object) -> bool:
    """Whether JSON can say it: NaN, infinities and what is nested beyond reach it cannot."""
    try:
        compact_text(value)
    except (ValueError, RecursionError):
        return False
    return True


def _head(answer: JsonObject) -> tuple[JsonObject, int]:
    head, usage = {**answer, _DATA: None}, answer.get(_USAGE)
    if not isinstance(usage, dict):
        return head, 0
    head[_USAGE] = {**usage, **{name: 0 for name in _TOKENS if name in usage}}
    return head, token_count(usage.get("prompt_tokens"))


def text_of(
    items: Sequence[Item], encoding: Encoding, around: JsonObject | None = None
) -> Iterator[str]:
    """The pieces of the answer to a batch: its head, then an item a piece, then its end.

    `around` is the head, the first item's where it is None.
    """
    head = dict(items[0].head if around is None else around)
    usage = head.get(_USAGE)
    if isinstance(usage, dict):
        tokens = sum(item.tokens for item in items)
        head[_USAGE] = {**usage, **{name: tokens for name in _TOKENS if name in usage}}
    before, after = _around(head, _DATA)
    yield f"{before}["
    for place, item in enumerate(items):
        member = {**item.member, _PLACE: place} if _PLACE in item.member else item.member
        start, end = _around(member, _VECTOR)
        is_text = encoding is Encoding.BASE64
        vector = f'"{item.vector}"' if is_text else as_numbers(item.vector)
        yield f"{',' if place else ''}{start}{vector}{end}"
    yield f"]{after}"


def _around(fields: JsonObject, name: str) -> tuple[str, str]:
    """An object's JSON before and behind the value of its member `name`."""
    at = list(fields).index(name)
    members = list(fields.items())
    before, after = compact_text(dict(members[:at]))[:-1], compact_text(dict(members[at + 1 :]))[1:]
    return f'{before}{"," if at else ""}"{name}":', f"{',' if after != '}' else ''}{after}"
