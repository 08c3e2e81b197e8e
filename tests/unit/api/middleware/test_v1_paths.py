"""Facts about paths below `/v1` that are nearly right."""

import httpx
import pytest

from llm_cache_proxy.api.app import create_app
from unit.api.service import service_over
from unit.pipeline.harness import Harness

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "What is Rust?"}]}


async def post(harness: Harness, path: str, host: str = "proxy") -> httpx.Response:
    service = service_over(harness)
    transport = httpx.ASGITransport(create_app(service))
    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.post(f"http://{host}{path}", json=REQUEST)
    await harness.proxy.drain()
    return answer


async def test_a_slash_at_the_end_is_left_out() -> None:
    harness = Harness()
    await post(harness, "/v1/chat/completions")

    answer = await post(harness, "/v1/chat/completions/")

    assert (answer.status_code, answer.headers["x-cache"]) == (200, "HIT-EXACT")


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/v1//chat/completions", "slashes"),
        ("//v1/chat/completions", "slashes"),
        ("/v1/chat//completions", "slashes"),
        ("/v1/chat/completions//", "slashes"),
        ("/v1/v1/chat/completions", "twice"),
        ("/v1/v1", "twice"),
    ],
)
async def test_a_path_that_is_wrong_is_a_404_that_says_why(path: str, word: str) -> None:
    harness = Harness()

    answer = await post(harness, path)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_url"
    assert word in answer.json()["error"]["message"]
    assert answer.headers["x-request-id"]
    assert harness.upstream.calls == []


@pytest.mark.parametrize("path", ["/v1/chat/completions/", "/health/", "/v1", "/v1/"])
async def test_no_path_is_answered_with_a_redirect(path: str) -> None:
    answer = await post(Harness(), path, host="elsewhere.example")

    assert not answer.is_redirect
    assert "location" not in answer.headers
