"""The scripts that run on the Redis server, as text and by digest."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text and the SHA-1 under which a server keeps it."""

    text: str
    sha1: str


@cache
def script(name: str) -> Script:
    """The script `name`, read once."""
    folder = files(__package__) / "redis_scripts"
    text = (folder / "common.lua").read_text("utf-8") + (folder / f"{name}.lua").read_text("utf-8")
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
