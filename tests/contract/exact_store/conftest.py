"""The exact store of each product, for facts that hold for all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llm_cache_proxy.bootstrap.parts import Exact
from samples.stores.exact_stores import KINDS, OpenedStore, opened
from servers.waiting import within_one_day

_LONGEST_TEST_SECONDS = 20


@pytest.fixture(params=KINDS)
async def opened_store(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str
) -> AsyncIterator[OpenedStore]:
    async with opened(request.param, tmp_path, redis_url) as made:
        yield made


@pytest.fixture(autouse=True)
def one_day() -> None:
    """A day and a month begin before a test rather than in it."""
    within_one_day(_LONGEST_TEST_SECONDS)


@pytest.fixture
def store(opened_store: OpenedStore) -> Exact:
    return opened_store.store
