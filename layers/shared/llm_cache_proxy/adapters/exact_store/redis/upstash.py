"""The exact tier on Upstash, over its REST API, through upstash-redis.

By default the client waits for ever and tries again after three seconds. Here each command has a
deadline and no second try, since a repeated write may count twice.
"""

import asyncio
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.exact_store.redis.scripts import (
    Argument,
    NoSuchScriptError,
    ScriptFlagRefusedError,
    UnreadableReplyError,
)
from llm_cache_proxy.adapters.exact_store.redis.store import RedisExactStore
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT

if TYPE_CHECKING:
    from upstash_redis.asyncio import Redis

_RUBBISH = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""The client's error for a gateway's error page in place of Upstash's JSON."""


class UpstashServer:
    """A `RedisServer` behind Upstash's REST API; connects on first use."""

    def __init__(self, url: str, token: str, *, timeout_seconds: float) -> None:
        self.locks_keys = True
        self._url = url
        self._token = token
        self._timeout_seconds = timeout_seconds
        self._client: Redis | None = None

    async def command(self, *words: Argument) -> object:
        """The server's reply."""
        import httpx
        from upstash_redis.errors import UpstashError

        try:
            async with asyncio.timeout(self._timeout_seconds):
                reply: object = await self._connected().execute([str(word) for word in words])
        except UpstashError as exc:
            if "NOSCRIPT" in str(exc):
                raise NoSuchScriptError from exc
            if "allow-key-locking" in str(exc):  # a gateway in front of plain Redis
                raise ScriptFlagRefusedError from exc
            raise ExactStoreUnavailable("Upstash refused a command") from exc
        except UnicodeError as exc:
            raise UnreadableReplyError("Upstash sent bytes that are no text") from exc
        except (httpx.HTTPError, OSError, TimeoutError, *_RUBBISH) as exc:
            raise ExactStoreUnavailable(f"Upstash failed: {type(exc).__name__}") from exc
        return reply

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.close()

    def _connected(self) -> "Redis":
        if self._client is None:
            import httpx
            from upstash_redis.asyncio import Redis

            from llm_cache_proxy.adapters.http.tls import tls_context
            from llm_cache_proxy.adapters.http.transport import StreamsTransport

            self._client = Redis(
                url=self._url, token=self._token, rest_retries=0, allow_telemetry=False
            )
            # The client takes neither a timeout, of which it has none, nor a transport.
            self._client._http._client = httpx.AsyncClient(  # noqa: SLF001
                transport=StreamsTransport(tls_context()), timeout=self._timeout_seconds
            )
        return self._client


def upstash_exact_store(
    url: str, token: str, *, timeout_seconds: float, requests_kept: int = REQUESTS_KEPT
) -> RedisExactStore:
    """The exact tier on the Upstash database at `url`; each command has `timeout_seconds`."""
    return RedisExactStore(
        UpstashServer(url, token, timeout_seconds=timeout_seconds), requests_kept
    )
