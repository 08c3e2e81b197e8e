"""Facts about `/v1/models` where the upstream gives no list."""

import json

import httpx
import pytest

from fakes.upstream import FakeUpstream
from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.domain.errors import UpstreamRefusal
from unit.api.service import service_over
from unit.pipeline.harness import Harness

REFUSED = {"error": {"message": "Incorrect API key.", "code": "invalid_api_key"}}


class Refusing(FakeUpstream):
    """Refuses to list its models, in its own words."""

    async def models(self) -> list[dict[str, object]]:
        raise UpstreamRefusal(401, json.dumps(REFUSED).encode(), upstream="fake")


@pytest.mark.parametrize("path", ["/models", "/models/gpt-4o"])
async def test_an_upstream_that_refuses_our_key_is_reported_in_its_own_words(path: str) -> None:
    harness = Harness(upstream=Refusing())
    service = service_over(harness)
    transport = httpx.ASGITransport(create_app(service))

    async with httpx.AsyncClient(transport=transport, base_url="http://proxy/v1") as client:
        reply = await client.get(path)

    assert (reply.status_code, reply.json()) == (401, REFUSED)
    await harness.proxy.drain()
