"""The scripts that run on the Redis server, and the server that runs them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

from llm_cache_proxy.adapters.exact_store.redis.names import TENANTS
from llm_cache_proxy.adapters.exact_store.refused_writes import RefusedWrites
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT

KEY_LOCKING = "#!lua flags=allow-key-locking\n"
"""Upstash locks the whole database for a script that does not begin so; Redis refuses the flag.

A script that begins so may touch the keys it was given and no others.
"""


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text and the SHA-1 under which a server keeps it."""

    text: str
    sha1: str


_BESIDE = {
    "entries/lookup": ("common", "client_keys/keys"),
    "items/lookup": ("common", "client_keys/keys"),
    "client_keys/write": ("client_keys/keys",),
    "client_keys/admit": ("common", "client_keys/keys"),
}
"""The further parts before a script, besides `common`."""


@cache
def script(name: str, first_line: str = "") -> Script:
    """The script `name`, its path below `lua`, behind `first_line`; read once."""
    folder = files(__package__) / "lua"
    names = (*_BESIDE.get(name, ("common",)), name)
    parts = [(folder / f"{part}.lua").read_text("utf-8") for part in names]
    text = "".join([first_line, *parts])
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


Argument = str | int | float
_FINDS_ITS_KEYS = frozenset({"counters/fold"})
"""Scripts that touch keys whose names they read first, and so lock everything."""


class RedisServer(Protocol):
    """One command at a time.

    Raises ExactStoreUnavailable, or one of the errors below. `locks_keys` says whether the
    product takes a lock on the whole database for a script that does not decline it.
    """

    locks_keys: bool

    async def command(self, *words: Argument) -> object:
        """The server's reply, strings decoded."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


class NoSuchScriptError(Exception):
    """The server does not know a script by its digest yet."""


class UnreadableReplyError(ExactStoreUnavailable):
    """The reply holds bytes that are no text, as only a damaged record does."""


class ScriptFlagRefusedError(Exception):
    """The server is another product than configured: it has no locks on single keys."""


class RedisScripts:
    """One Redis server and its scripts, which all parts of the store share."""

    def __init__(self, server: RedisServer, requests_kept: int = REQUESTS_KEPT) -> None:
        self._server = server
        self._requests_kept = requests_kept
        self._registered: set[str] = set()
        self._refused_writes = RefusedWrites()

    async def _run(self, name: str, keys: list[str], *words: Argument) -> object:
        locks_keys = self._server.locks_keys and name not in _FINDS_ITS_KEYS
        body = script(name, KEY_LOCKING if locks_keys else "")
        try:
            return await self._server.command("EVALSHA", body.sha1, len(keys), *keys, *words)
        except NoSuchScriptError:
            pass
        try:
            return await self._server.command("EVAL", body.text, len(keys), *keys, *words)
        except ScriptFlagRefusedError:
            self._server.locks_keys = False
            return await self._run(name, keys, *words)

    def _recent_arguments(self, recent: Sequence[str]) -> list[Argument]:
        lines: list[Argument] = [word for line in recent for word in ("recent", line)]
        return [*lines, "recent_kept", self._requests_kept] if lines else []

    async def _register(self, tenant: str) -> None:
        """Put the tenant into the registry that operators read, once a process."""
        if tenant not in self._registered:
            self._registered.add(tenant)
            try:
                await self._server.command("SADD", TENANTS, tenant)
            except ExactStoreUnavailable:  # full or read-only: the call itself has been served
                self._registered.discard(tenant)


def milliseconds(seconds: float) -> int:
    """Seconds in the unit of Redis TTLs."""
    return max(1, int(seconds * 1000))


def flat(counts: Mapping[str, int]) -> list[Argument]:
    """Counts as words, name and amount."""
    words: list[Argument] = []
    for pair in counts.items():
        words += pair
    return words
