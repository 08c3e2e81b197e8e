"""Our adapter of an upstream in front of a scripted one."""

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.upstreams.config import Timeouts, UpstreamConfig
from servers.upstream.calls import chat_call, whole

QUICK = Timeouts(
    connect_seconds=30.0,
    first_byte_seconds=0.3,
    idle_seconds=0.3,
    total_seconds=0.5,
    models_seconds=0.3,
)
"""For an upstream that falls silent."""
PATIENT = Timeouts(connect_seconds=30.0, pool_seconds=30.0, models_seconds=30.0)
"""For one that answers, as soon as a busy machine lets it."""


def upstream_at(base_url: str, timeouts: Timeouts = PATIENT) -> OpenAIUpstream:
    config = UpstreamConfig("up", base_url, api_key="sk-up", timeouts=timeouts)
    return OpenAIUpstream(config, environment=False)


async def failed(upstream: OpenAIUpstream, *, streaming: bool = False) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await whole(await upstream.send(chat_call(streaming=streaming)))
    assert caught.value.upstream == "up"
    assert "127.0.0.1" not in caught.value.message
    return caught.value
