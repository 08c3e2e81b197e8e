"""Facts about who may use the embedding service that the command serves."""

import httpx
import pytest

from fakes.embedder import FakeEmbedder
from llm_cache_proxy.cli.embedding import protected
from llm_cache_proxy.settings import Settings


async def status(bound: str, headers: dict[str, str] | None = None) -> int:
    app = protected(FakeEmbedder(), Settings.model_validate({"HOST": bound}))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        return (await client.post("/", json={"text": "a"}, headers=headers)).status_code


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
async def test_no_page_may_use_it_and_the_proxy_may(host: str) -> None:
    assert await status(host) == 200
    assert await status(host, {"origin": "https://evil.example"}) == 403
    assert await status(host, {"sec-fetch-site": "cross-site"}) == 403


async def test_on_loopback_it_is_reached_by_this_machines_names_alone() -> None:
    assert await status("127.0.0.1", {"host": "localhost:8080"}) == 200
    assert await status("127.0.0.1", {"host": "evil.example"}) == 421
    assert await status("0.0.0.0", {"host": "embedding:8080"}) == 200
