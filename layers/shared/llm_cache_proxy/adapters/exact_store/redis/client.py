"""The exact tier on a Redis server, over redis-py's connections.

Not through its client: what that adds to a command (a pool with a lock, metrics, callbacks, and
packing in Python) costs more than the command itself.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from hiredis import pack_command

from llm_cache_proxy.adapters.exact_store.redis.scripts import (
    Argument,
    NoSuchScriptError,
    UnreadableReplyError,
)
from llm_cache_proxy.adapters.exact_store.redis.store import RedisExactStore
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool
    from redis.asyncio.connection import AbstractConnection

_MOST_CONNECTIONS = 100
"""Further commands wait for one of these, within their deadline."""


class RedisPyServer:
    """A `RedisServer` by URL (redis:// or rediss://); connects on first use, retries nothing."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self.locks_keys = False
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._pool: ConnectionPool | None = None
        self._idle: list[AbstractConnection] = []
        self._free = asyncio.Semaphore(_MOST_CONNECTIONS)

    async def command(self, *words: Argument) -> object:
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
        while self._idle:
            await self._idle.pop().disconnect()

    async def _execute(self, *words: Argument) -> object:
        packed = pack_command(words)  # type: ignore[arg-type] # its stub means a single word
        async with self._free:
            connection = await self._connected()
            try:
                await connection.send_packed_command(packed, check_health=False)
                reply: object = await connection.read_response()
            finally:
                if connection.is_connected:  # it has closed itself if a reply may still come
                    self._idle.append(connection)
        return reply

    async def _connected(self) -> "AbstractConnection":
        """A connection on which nothing is waiting to be read."""
        while self._idle:
            connection = self._idle.pop()
            if not await connection.can_read():
                return connection
            await connection.disconnect(nowait=True)
        made: AbstractConnection = self._connections().make_connection()  # type: ignore[no-untyped-call]
        await made.connect()  # type: ignore[no-untyped-call]
        return made

    def _connections(self) -> "ConnectionPool":
        """The pool that makes connections; the deadline of each command is ours."""
        if self._pool is None:
            from redis.asyncio import ConnectionPool

            options = self._connection_options()
            self._pool = ConnectionPool.from_url(self._url, socket_timeout=None, **options)
        return self._pool

    def _connection_options(self) -> dict[str, Any]:
        """Options of every connection: replies are texts, and nothing is tried twice."""
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        return {
            "decode_responses": True,
            "socket_connect_timeout": self._timeout_seconds,
            "retry": Retry(NoBackoff(), 0),
            "protocol": 2,
        }


def redis_exact_store(
    url: str, *, timeout_seconds: float, requests_kept: int = REQUESTS_KEPT
) -> RedisExactStore:
    """The exact tier on the Redis at `url`; each command has `timeout_seconds`."""
    return RedisExactStore(RedisPyServer(url, timeout_seconds=timeout_seconds), requests_kept)
