"""A form's body as fields for a key: texts as they are, files by their SHA-256.

Reads only what every parser reads identically; anything else is no form, and passes uncached.
"""

import hashlib
import re

from llm_cache_proxy.domain.json_text import JsonObject

_BOUNDARY = re.compile(r'multipart/form-data;\s*boundary=(?:"([^"\s]{1,70})"|([^\s;"]{1,70}))')
_HEAD = re.compile(
    r'\r\ncontent-disposition: form-data; name="([^"\\\r\n]+)"'
    r'(?:; filename="([^"\\\r\n]*)")?'
    r"(?:\r\ncontent-type: ([^\r\n]+))?",
    re.IGNORECASE,
)
_BREAK = b"\r\n"
_MOST_PARTS = 100


def form_fields(content_type: str, body: bytes) -> JsonObject | None:
    """The fields of a multipart body: a name's value, or a list of them where it has several.

    A file is an object of its digest, its type and the ending of its name, which may say how it is
    to be read. None where the body is not understood.
    """
    boundary = _BOUNDARY.fullmatch(content_type.strip())
    if boundary is None:
        return None
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1", "replace")
    before, *parts = (_BREAK + body).split(_BREAK + mark)
    if before or not 1 < len(parts) <= _MOST_PARTS or parts.pop().rstrip() != b"--":
        return None
    fields: dict[str, list[object]] = {}
    for part in parts:
        read = _part(part)
        if read is None:
            return None
        fields.setdefault(read[0], []).append(read[1])
    return {name: held[0] if len(held) == 1 else held for name, held in fields.items()}


def _part(part: bytes) -> tuple[str, object] | None:
    """A part's name and value."""
    head, gap, content = part.partition(_BREAK + _BREAK)
    try:
        read = _HEAD.fullmatch(head.decode("utf-8"))
        if read is None or not gap:
            return None
        name, file_name, kind = read.groups()
        if file_name is None:
            text = content.decode("utf-8")
            return name, text if kind is None else {"text": text, "type": kind}
    except UnicodeDecodeError:
        return None
    digest, ending = hashlib.sha256(content).hexdigest(), file_name.rpartition(".")[2].lower()
    return name, {"sha256": digest, "type": kind or "", "ending": ending}
