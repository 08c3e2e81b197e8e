"""The scripts that run on the Redis server, as text and by digest."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

KEY_LOCKING = "#!lua flags=allow-key-locking\n"
"""Upstash locks the whole database for a script that does not begin so; Redis refuses the flag.

A script that begins so may touch the keys it was given and no others.
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text and the SHA-1 under which a server keeps it."""

    text: str
    sha1: str


_BESIDE = {"lookup": ("common", "keys"), "write_key": ("keys",)}
"""What a script needs before it, where that is not `common` alone."""


@cache
def script(name: str, first_line: str = "") -> Script:
    """The script `name` behind `first_line`, read once."""
    folder = files(__package__) / "lua"
    names = (*_BESIDE.get(name, ("common",)), name)
    parts = [(folder / f"{part}.lua").read_text("utf-8") for part in names]
    text = "".join([first_line, *parts])
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
