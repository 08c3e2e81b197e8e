"""Facts about `/v1/models` where the upstream gives no list."""

import json

import httpx
import pytest

from fakes.health import no_health
from fakes.upstream import FakeUpstream
from llm_cache_proxy.administration.feedback import Feedback
from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.v1.service import Service
from llm_cache_proxy.domain.errors import UpstreamRefusal
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents
from unit.pipeline.harness import PRICES, Harness

REFUSED = {"error": {"message": "Incorrect API key.", "code": "invalid_api_key"}}


class Refusing(FakeUpstream):
    """Refuses to list its models, in its own words."""

    async def models(self) -> list[dict[str, object]]:
        raise UpstreamRefusal(401, json.dumps(REFUSED).encode(), upstream="fake")


@pytest.mark.parametrize("path", ["/models", "/models/gpt-4o"])
async def test_an_upstream_that_refuses_our_key_is_reported_in_its_own_words(path: str) -> None:
    harness = Harness(upstream=Refusing())
    service = Service(
        pipeline=harness.pipeline,
        embedder=harness.embedder,
        feedback=lambda: Feedback(harness.exact, harness.vectors),
        max_body_bytes=100_000,
        health=no_health,
        close=harness.proxy.drain,
        request_events=RequestEvents(PRICES),
    )
    transport = httpx.ASGITransport(create_app(service))

    async with httpx.AsyncClient(transport=transport, base_url="http://proxy/v1") as client:
        reply = await client.get(path)

    assert (reply.status_code, reply.json()) == (401, REFUSED)
    await harness.proxy.drain()
