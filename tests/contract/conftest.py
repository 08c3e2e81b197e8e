"""One Redis for a module's tests, and a cluster for a run's; each test begins with an empty one."""

from collections.abc import Iterator

import pytest

from servers.redis.cluster import redis_cluster
from servers.redis.process import redis_process


@pytest.fixture(scope="module")
def redis_server() -> Iterator[str]:
    with redis_process() as url:
        yield url


@pytest.fixture(scope="session")
def cluster_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as urls:
        yield urls[0]


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """Of a single Redis, or of a cluster's node where the test's store is spread over one."""
    chosen = getattr(request.node, "callspec", None)
    on_cluster = chosen is not None and "cluster" in chosen.params.values()
    return str(request.getfixturevalue("cluster_node" if on_cluster else "redis_server"))
