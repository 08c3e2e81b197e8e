"""An upstream behind the proxy that the environment names."""

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.domain.upstreams.config import UpstreamConfig
from servers.upstream.calls import chat_call, fetched, whole
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer

# No resolver knows this name: whoever asks for it by itself reaches nobody.
ELSEWHERE = UpstreamConfig("up", "http://llm.invalid/v1")


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


async def test_calls_go_through_the_proxy_of_the_environment(
    proxied: pytest.MonkeyPatch,
) -> None:
    async with ScriptedUpstream() as proxy:
        proxied.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        upstream = OpenAIUpstream(ELSEWHERE)

        status, _ = await fetched(upstream, chat_call())
        await upstream.aclose()

    assert status == 200
    assert [request.headers["host"] for request in proxy.requests] == ["llm.invalid"]


async def test_no_cookie_outlives_a_call_through_a_proxy(proxied: pytest.MonkeyPatch) -> None:
    async with ScriptedUpstream() as proxy:
        proxied.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        proxy.queue(answer({}, headers={"set-cookie": "session=1; Path=/"}))
        upstream = OpenAIUpstream(ELSEWHERE)
        for _ in range(2):
            await whole(await upstream.send(chat_call()))
        await upstream.aclose()

    assert len(proxy.requests) == 2
    assert "cookie" not in proxy.requests[1].headers


async def test_an_environment_that_is_not_obeyed_names_no_proxy(
    proxied: pytest.MonkeyPatch,
) -> None:
    async with ScriptedUpstream() as proxy:
        proxied.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        upstream = OpenAIUpstream(ELSEWHERE, environment=False)

        with pytest.raises(UpstreamUnreachable):
            await upstream.send(chat_call())
        await upstream.aclose()

    assert proxy.requests == []
