"""What goes out to an upstream, and what it is asked for by its models, on real sockets."""

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.errors import NotFound, UpstreamError
from llm_cache_proxy.domain.upstreams.config import UpstreamConfig
from servers.upstream.asked import PATIENT, QUICK
from servers.upstream.calls import chat_call, get, post, whole
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Cut, Script, Stall, answer

SILENT: Script = [Stall()]


async def test_a_path_that_is_no_address_cannot_be_asked(upstream: OpenAIUpstream) -> None:
    with pytest.raises(UpstreamError, match="cannot be sent"):
        await upstream.send(get("/a\x00b"))


async def test_the_request_goes_out_as_it_came_with_the_upstreams_key(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    body = {"model": "scripted-model", "input": "é", "seed": 12345678901234567890, "new": {"a": []}}
    client = {"authorization": "Bearer client", "cookie": "a=b", "x-cache-mode": "exact"}
    call = post("/responses", body, model="scripted-model", headers=client)

    await whole(await upstream.send(call))

    (got,) = server.requests
    assert (got.method, got.path, got.body) == ("POST", "/v1/responses", call.body)
    assert got.headers["authorization"] == "Bearer sk-up"
    assert got.headers["user-agent"] == "llm-cache-proxy"
    assert set(got.headers) == {
        "host",
        "accept",
        "accept-encoding",
        "authorization",
        "content-type",
        "content-length",
        "user-agent",
    }


async def test_the_query_is_passed(server: ScriptedUpstream, upstream: OpenAIUpstream) -> None:
    await whole(await upstream.send(get("/files", "after=a%2Fb&limit=2")))

    assert (server.requests[0].path, server.requests[0].query) == (
        "/v1/files",
        "after=a%2Fb&limit=2",
    )


@pytest.mark.parametrize(
    "path", ["/../admin", "/files/../../x", "/%2e%2e/x", "/a/..%2f..%2fx", "/a\\..\\x", "@evil/"]
)
async def test_a_path_cannot_leave_the_base_url(
    server: ScriptedUpstream, upstream: OpenAIUpstream, path: str
) -> None:
    with pytest.raises(NotFound):
        await upstream.send(get(path))

    assert server.requests == []


async def test_a_cookie_does_not_come_back(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(answer({}, headers={"set-cookie": "session=1; Path=/"}))
    first = await upstream.send(chat_call())
    await whole(first)

    await whole(await upstream.send(chat_call()))

    assert "set-cookie" not in first.headers
    assert "cookie" not in server.requests[1].headers


@pytest.mark.parametrize(
    "script",
    [
        SILENT,
        answer({"error": {}}, 500),
        answer(b"<html>"),
        answer({"data": [{"name": "no id"}]}),
        answer([]),
        [Cut()],
    ],
)
async def test_models_without_a_list_are_the_configured_ones(
    server: ScriptedUpstream, script: Script
) -> None:
    server.queue(script)
    config = UpstreamConfig(
        "up", server.base_url, models=("m-1", "m-*"), aliases={"fast": "m-1"}, timeouts=QUICK
    )
    upstream = OpenAIUpstream(config, environment=False)

    models = await upstream.models()

    assert [model["id"] for model in models] == ["fast", "m-1"]
    await upstream.aclose()


async def test_listed_models_are_those_that_are_served_and_the_aliases(
    server: ScriptedUpstream,
) -> None:
    listed = [{"id": name, "object": "model", "context": 7} for name in ("m-2", "other")]
    server.queue(answer({"object": "list", "data": listed}))
    config = UpstreamConfig(
        "up", server.base_url, models=("m-*",), aliases={"fast": "m-1"}, timeouts=PATIENT
    )
    upstream = OpenAIUpstream(config, environment=False)

    models = await upstream.models()

    assert [model["id"] for model in models] == ["fast", "m-2"]
    assert models[1] == listed[0]
    await upstream.aclose()
