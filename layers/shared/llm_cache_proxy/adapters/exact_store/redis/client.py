"""The exact tier on a Redis server, through redis-py."""

import asyncio
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.exact_store.redis.scripts import (
    NoSuchScriptError,
    UnreadableReplyError,
    Word,
)
from llm_cache_proxy.adapters.exact_store.redis.store import RedisExactStore
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT

if TYPE_CHECKING:
    from redis.asyncio import Redis


class RedisPyServer:
    """A `RedisServer` by URL (redis:// or rediss://); connects on first use, retries nothing."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self.locks_keys = False
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._client: Redis | None = None

    async def command(self, *words: Word) -> object:
        """The server's reply."""
        from redis.exceptions import (
            MovedError,
            NoPermissionError,
            NoScriptError,
            RedisClusterException,
            RedisError,
        )

        try:
            async with asyncio.timeout(self._timeout_seconds):
                reply = await self._execute(*words)
        except NoScriptError as exc:
            raise NoSuchScriptError from exc
        except MovedError as exc:
            raise ExactStoreUnavailable(
                "Redis is a node of a cluster: REDIS_CLUSTER_SLOTS has to be set"
            ) from exc
        except NoPermissionError as exc:
            raise ExactStoreUnavailable(f"Redis permits no {words[0]} to this user") from exc
        except UnicodeError as exc:
            raise UnreadableReplyError("Redis sent bytes that are no text") from exc
        except RedisClusterException as exc:
            raise ExactStoreUnavailable(
                "no Redis Cluster answers there, or not all of one: REDIS_CLUSTER_SLOTS needs it"
            ) from exc
        except (RedisError, OSError, TimeoutError, ValueError, IndexError) as exc:
            # ValueError and its like: what answers there speaks no Redis.
            raise ExactStoreUnavailable(f"Redis failed: {type(exc).__name__}") from exc
        return reply

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def _execute(self, *words: Word) -> object:
        reply: object = await self._connected().execute_command(*words)  # type: ignore[no-untyped-call] # redis-py
        return reply

    def _connected(self) -> "Redis":
        if self._client is None:
            from redis.asyncio import Redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff

            self._client = Redis.from_url(
                self._url,
                decode_responses=True,
                socket_timeout=self._timeout_seconds,
                socket_connect_timeout=self._timeout_seconds,
                retry=Retry(NoBackoff(), 0),
                protocol=2,
            )
            self._client.response_callbacks.clear()  # replies as they came, as on every product
        return self._client


def redis_exact_store(
    url: str, *, timeout_seconds: float, requests_kept: int = REQUESTS_KEPT
) -> RedisExactStore:
    """The exact tier on the Redis at `url`; each command has `timeout_seconds`."""
    return RedisExactStore(RedisPyServer(url, timeout_seconds=timeout_seconds), requests_kept)
