"""A stored answer under an id and a date of its own, and otherwise as it was stored."""

import uuid

from llm_cache_proxy.domain.json_text import with_member

_DATA = "data: "


def renewed(body: str, id_prefix: str, created: int) -> str:
    """`body`, JSON or events, with a new `id` and with `created` in Unix seconds.

    An object that is nested too deeply to be changed stays as it is.
    """
    ident = f"{id_prefix}{uuid.uuid4().hex}"
    if not body.startswith(_DATA):
        return _renewed(body, ident, created)
    return "\n".join(
        _DATA + _renewed(line.removeprefix(_DATA), ident, created) if "{" in line else line
        for line in body.split("\n")
    )


def _renewed(text: str, ident: str, created: int) -> str:
    try:
        return with_member(with_member(text, "id", ident), "created", created)
    except ValueError:
        return text
