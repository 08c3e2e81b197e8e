"""A scripted upstream, and our adapter before it with patience and with little."""

from collections.abc import AsyncIterator

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from servers.upstream.asked import QUICK, upstream_at
from servers.upstream.scripted import ScriptedUpstream


@pytest.fixture
async def server() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as running:
        yield running


@pytest.fixture
async def upstream(server: ScriptedUpstream) -> AsyncIterator[OpenAIUpstream]:
    made = upstream_at(server.base_url)
    yield made
    await made.aclose()


@pytest.fixture
async def impatient(server: ScriptedUpstream) -> AsyncIterator[OpenAIUpstream]:
    made = upstream_at(server.base_url, QUICK)
    yield made
    await made.aclose()
