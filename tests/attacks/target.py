"""The servers under attack: one open to this machine, two that want keys, and their upstream.

One more is left alone: what it takes to answer is the machine's own slowness.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from servers.proxy.process import EXACT_ONLY, ProxyProcess, proxy_process
from servers.upstream.answers import CountingAnswers, chat, message, prompt_of
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Recorded, Script, answer

ADMIN_KEY = "the-admin-key-of-the-attacks"
UPSTREAM_KEY = "sk-upstream-of-the-attacks"
HEADER_SECONDS = 2
COMMON = {
    "HEADER_TIMEOUT_SECONDS": str(HEADER_SECONDS),
    "MAX_CONNECTIONS": "300",
    "UPSTREAM_API_KEY": UPSTREAM_KEY,
    "UPSTREAM_TIMEOUT_SECONDS": "8",  # 60 MB come in it on a machine that is busy
}
KEYED = {
    "ACCESS_MODE": "keyed",
    "KEY_SIGNING_SECRET": "a-signing-secret-of-forty-characters-or-so",
    "ADMIN_KEY": ADMIN_KEY,
}
AWAY = {
    "REDIS_URL": "redis://:a-password@127.0.0.1:9/0",
    "QDRANT_URL": "http://127.0.0.1:9",
    "EMBEDDING_URL": "http://127.0.0.1:9",
}
"""Stores and an embedder that nobody answers for; keys are signed as the keyed server's."""
TENANTS = ("acme", "other")


@dataclass(frozen=True)
class Target:
    """`keys` are those of two tenants, each with a limit that no attack reaches."""

    open: ProxyProcess
    keyed: ProxyProcess
    away: ProxyProcess
    idle: ProxyProcess
    upstream: ScriptedUpstream
    keys: dict[str, str]

    def port(self, *, keyed: bool, away: bool = False) -> int:
        """Where the one or the other listens."""
        server = self.away if away else self.keyed if keyed else self.open
        return urlsplit(server.url).port or 0

    def filled(self, text: str, *, port: int) -> str:
        """`text` with this port and the target's keys in place of their names."""
        names = {"port": str(port), "admin": ADMIN_KEY, **self.keys}
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return text


@contextmanager
def targets(folder: Path) -> Iterator[Target]:
    """Two servers with the embedded stores and the model, one whose stores are away, one idle."""
    with ScriptedUpstream(_short_answer).in_thread() as upstream:
        settings = {**COMMON, "UPSTREAM_BASE_URL": upstream.base_url}
        with (
            proxy_process(folder / "open", **settings) as running,
            proxy_process(folder / "keyed", **settings, **KEYED) as keyed,
            proxy_process(folder / "away", **settings, **KEYED, **AWAY) as away,
            proxy_process(folder / "idle", **settings | EXACT_ONLY) as idle,
        ):
            keys = {tenant: _key(keyed, tenant) for tenant in TENANTS}
            yield Target(running, keyed, away, idle, upstream, keys)


def _short_answer(request: Recorded) -> Script:
    """The question and the request's number, however long the question is."""
    if request.fields.get("stream") is not True:
        text = f"{prompt_of(request)[:1_000]} ({request.number})"
        if request.path.endswith("/chat/completions"):
            return answer(chat(text))
        if request.path.endswith("/messages"):
            return answer(message(text))
    return CountingAnswers()(request)


def _key(proxy: ProxyProcess, tenant: str) -> str:
    answer = httpx.post(
        f"{proxy.url}/admin/keys/create",
        json={"tenant": tenant, "name": "attacks", "namespace": "own"},
        headers={"x-admin-key": ADMIN_KEY},
        timeout=30,
    )
    return str(answer.json()["key"])
