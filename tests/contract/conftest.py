"""One Redis for a module's tests; each of them begins with an empty one."""

from collections.abc import Iterator

import pytest

from servers.redis.process import redis_process


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_process() as url:
        yield url
