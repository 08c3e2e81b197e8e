"""A cluster for a module's tests; each of them begins with an empty one."""

from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from servers.redis.cluster import redis_cluster


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as urls:
        yield urls


@pytest.fixture(autouse=True)
def _empty(nodes: list[str]) -> None:
    for url in nodes:
        with closing(redis.Redis.from_url(url)) as node:
            node.flushall()
