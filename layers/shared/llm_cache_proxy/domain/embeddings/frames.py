"""The JSON around a vector: the answer's head, and the item's other members.

The items of a batch mostly share one frame, so that it is read and written once for all.
"""

from collections.abc import Container
from dataclasses import field

from llm_cache_proxy.domain.json_text import JsonObject, compact_text, object_or_none
from llm_cache_proxy.domain.record import record

DATA, VECTOR, PLACE = "data", "embedding", "index"
_TO_VECTOR = ',"vector":'
_HOLE = "\0"
"""Stands for a value; where JSON's text has this character it is an escape."""
_HOLE_BYTE = _HOLE.encode()


@record()
class Frame:
    """`head` is the answer around the items, `member` the item around its vector.

    Both keep the order of their members; the vector, the item's place and the tokens of the whole
    are not in them. `text` is what is stored of both.
    """

    head: JsonObject
    member: JsonObject
    text: str = field(init=False)
    _before: bytes = field(init=False, compare=False)
    _behind: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Write both once. Raises ValueError or RecursionError for what JSON cannot say."""
        text = compact_text({"head": self.head, "member": self.member})[:-1] + _TO_VECTOR
        before, behind = split_at(self.member, VECTOR, holes=(PLACE,))
        pieces = (("_before", before.encode("utf-8")), ("_behind", behind.encode("utf-8")))
        for name, value in (("text", text), *pieces):
            object.__setattr__(self, name, value)

    def around(self, place: int) -> tuple[bytes, bytes]:
        """The item's JSON before and behind its vector, at this place of the batch."""
        written = b"%d" % place
        return (
            self._before.replace(_HOLE_BYTE, written),
            self._behind.replace(_HOLE_BYTE, written),
        )


def split_at(fields: JsonObject, name: str, holes: Container[str] = ()) -> tuple[str, str]:
    """The object's JSON before and behind the value of `name`, with holes for some other values."""
    before: list[str] = []
    behind: list[str] = []
    members = before
    for each, value in fields.items():
        is_named = each == name
        written = "" if is_named else _HOLE if each in holes else compact_text(value)
        members.append(f"{compact_text(each)}:{written}")
        members = behind if is_named else members
    return f"{{{','.join(before)}", f"{',' if behind else ''}{','.join(behind)}}}"


class Frames:
    """The frames of one batch, each made once."""

    def __init__(self) -> None:
        self._made: dict[str, Frame] = {}
        self._read: dict[str, Frame | None] = {}

    def stored(self, text: str) -> Frame | None:
        """The frame that was stored as `text`; None where it is none."""
        if text not in self._read:
            self._read[text] = _read(text)
        return self._read[text]

    def made(self, head: JsonObject, member: JsonObject) -> Frame | None:
        """The frame of an item in an answer; None where JSON cannot say it.

        `head` is the same for all of a batch.
        """
        bare = {**member, VECTOR: None, **({PLACE: 0} if PLACE in member else {})}
        try:
            name = compact_text(bare)
            if name not in self._made:
                self._made[name] = Frame(head, bare)
        except (ValueError, RecursionError):
            return None
        return self._made[name]


def _read(text: str) -> Frame | None:
    fields = object_or_none(f"{text}null}}") or {}
    head, member = fields.get("head"), fields.get("member")
    if not (isinstance(head, dict) and isinstance(member, dict)):
        return None
    is_whole = text.endswith(_TO_VECTOR) and DATA in head and VECTOR in member
    return Frame(head, member) if is_whole else None
