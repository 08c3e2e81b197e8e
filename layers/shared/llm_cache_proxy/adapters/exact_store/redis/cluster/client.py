"""A Redis Cluster, through redis-py's client for it: each command goes to the node of its keys."""

from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.exact_store.redis.client import RedisPyServer
from llm_cache_proxy.adapters.exact_store.redis.cluster.store import ClusterExactStore
from llm_cache_proxy.adapters.exact_store.redis.scripts import Argument
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT

if TYPE_CHECKING:
    from redis.asyncio.cluster import RedisCluster

_PATTERN = 3
"""The place of the pattern in SCAN's words; its hash tag names the node."""
_READ_BY_THE_CLIENT = ("COMMAND", "CLUSTER")


class RedisClusterServer(RedisPyServer):
    """A `RedisServer` of several nodes, found by the URL of any; retries nothing but redirects."""

    _cluster: "RedisCluster | None" = None

    async def aclose(self) -> None:
        """Close the connections to every node."""
        if self._cluster is not None:
            cluster, self._cluster = self._cluster, None
            await cluster.aclose()

    async def _execute(self, *words: Argument) -> object:
        cluster = self._nodes()
        # The client finds its nodes with a first command, and closes connections of others with it.
        await cluster.initialize()
        if words[0] != "SCAN":
            reply: object = await cluster.execute_command(*words)
            return reply
        node = cluster.get_node_from_key(str(words[_PATTERN]))
        return await cluster.execute_command(*words, target_nodes=node)

    def _nodes(self) -> "RedisCluster":
        if self._cluster is None:
            from redis.asyncio.cluster import RedisCluster

            self._cluster = RedisCluster.from_url(
                self._url, socket_timeout=self._timeout_seconds, **self._connection_options()
            )
            for read in (self._cluster.response_callbacks, self._cluster.result_callbacks):
                for name in [name for name in read if not name.startswith(_READ_BY_THE_CLIENT)]:
                    del read[name]  # replies as they came, as on every product
        return self._cluster


def cluster_exact_store(
    url: str, *, slots: int, timeout_seconds: float, requests_kept: int = REQUESTS_KEPT
) -> ClusterExactStore:
    """The exact tier on the cluster of the node at `url`, each tenant in so many hash slots."""
    server = RedisClusterServer(url, timeout_seconds=timeout_seconds)
    return ClusterExactStore(server, slots, requests_kept)
