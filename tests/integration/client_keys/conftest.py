"""Two servers that ask for keys, for all tests of a file; a tenant of its own for each test."""

import itertools
from collections.abc import Iterator

import pytest

from servers.proxy.keyed import KeyedProxies, keyed_proxies

_names = (f"t{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedProxies]:
    folder = tmp_path_factory.mktemp("tenants")
    with keyed_proxies(folder, LOG_LEVEL="DEBUG", LOG_PATH=str(folder / "requests")) as running:
        yield running


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own."""
    return next(_names)
