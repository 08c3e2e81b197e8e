"""Two keyed proxies on one Redis, with a scripted upstream behind them."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from servers.proxy.process import ProxyProcess, proxy_process
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

SECRET = "a-signing-secret-of-forty-characters-or-so"
ADMIN_KEY = "the-admin-key-of-these-tests"
UPSTREAM_KEY = "the-operators-own-upstream-key"
MODEL = "gpt-4o-mini"
KEYED = {"ACCESS_MODE": "keyed", "KEY_SIGNING_SECRET": SECRET, "ADMIN_KEY": ADMIN_KEY}


@dataclass(frozen=True)
class KeyedProxies:
    """`one` and `other` share a Redis; both ask `upstream`."""

    one: ProxyProcess
    other: ProxyProcess
    upstream: ScriptedUpstream
    redis_url: str
    folder: Path

    def admin(self, path: str, **fields: object) -> dict[str, Any]:
        """The answer of an administrator's action."""
        answer = httpx.post(
            f"{self.one.url}/admin/{path}",
            json=fields,
            headers={"x-admin-key": ADMIN_KEY},
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def key(self, tenant: str, **fields: object) -> dict[str, Any]:
        """A new key of the tenant's."""
        return self.admin("keys/create", tenant=tenant, name="test", **fields)

    def used(self, key: dict[str, Any]) -> dict[str, Any]:
        """What the key has used, as operators see it."""
        answer = httpx.get(
            f"{self.one.url}/admin/keys",
            params={"tenant": key["tenant"]},
            headers={"x-admin-key": ADMIN_KEY},
            timeout=30,
        )
        [held] = [held for held in answer.json()["keys"] if held["id"] == key["id"]]
        result: dict[str, Any] = held["used"]
        return result

    def usage_once_counted(self, key: dict[str, Any], tokens: int) -> dict[str, Any]:
        """What the key has used, once that is `tokens` or half a minute has passed."""
        deadline = time.monotonic() + 30
        while (used := self.used(key))["tokens_today"] != tokens and time.monotonic() < deadline:
            time.sleep(0.02)
        return used


def ask(
    proxy: ProxyProcess,
    key: dict[str, Any] | str | None,
    text: str = "What is Rust?",
    headers: dict[str, str] | None = None,
    **fields: object,
) -> httpx.Response:
    """A chat completion under the key."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": text}], **fields}
    token = key["key"] if isinstance(key, dict) else key
    bearer = {} if token is None else {"authorization": f"Bearer {token}"}
    return httpx.post(
        f"{proxy.base_url}/chat/completions",
        json=body,
        headers={**bearer, **(headers or {})},
        timeout=30,
    )


@contextmanager
def keyed_proxies(folder: Path, **settings: str) -> Iterator[KeyedProxies]:
    """Both are started at once."""
    with redis_process() as redis_url, ScriptedUpstream().in_thread() as upstream:
        given = {
            **KEYED,
            "REDIS_URL": redis_url,
            "UPSTREAM_BASE_URL": upstream.base_url,
            "UPSTREAM_API_KEY": UPSTREAM_KEY,
            **settings,
        }
        starting = [proxy_process(folder / name, **given) for name in ("one", "other")]
        with ThreadPoolExecutor(2) as threads:
            entered = [threads.submit(process.__enter__) for process in starting]
        try:
            one, other = (future.result() for future in entered)
            yield KeyedProxies(one, other, upstream, redis_url, folder)
        finally:
            for process in starting:
                process.__exit__(None, None, None)
