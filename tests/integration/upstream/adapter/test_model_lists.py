"""`/v1/models` in front of an upstream that lists its models in its own way, or not at all."""

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.errors import UpstreamError, UpstreamRefusal
from llm_cache_proxy.domain.upstreams.config import Kind, UpstreamConfig
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Close, answer

GOOD = {"id": "m", "object": "model"}
REFUSED = {"error": {"message": "Incorrect API key.", "code": "invalid_api_key"}}


@pytest.mark.parametrize(
    "listed",
    [
        [GOOD],
        {"data": [GOOD]},
        {"data": [GOOD, {"name": "no id"}, None]},
        b'{"data":[{"id":"m","object":"model"},{"id":1}]}',
    ],
)
async def test_lists_of_any_shape_are_read(
    server: ScriptedUpstream, upstream: OpenAIUpstream, listed: object
) -> None:
    server.queue(answer(listed))

    assert await upstream.models() == [GOOD]


async def test_anthropics_models_are_listed_as_openais_clients_know_models(
    server: ScriptedUpstream,
) -> None:
    config = UpstreamConfig("claude", server.base_url, api_key="sk", kind=Kind.ANTHROPIC)
    upstream = OpenAIUpstream(config, environment=False)
    listed = {"type": "model", "id": "claude-x", "display_name": "X", "created_at": "2026-01-01"}
    server.queue(answer({"data": [listed], "has_more": False, "last_id": "claude-x"}))

    models = await upstream.models()
    await upstream.aclose()

    known = {"object": "model", "created": 0, "owned_by": "claude"}
    assert models == [{**known, **listed}]
    [asked] = server.requests
    assert (asked.query, asked.headers["x-api-key"]) == ("limit=1000", "sk")
    assert asked.headers["anthropic-version"] == "2023-06-01"


async def test_a_number_that_json_lacks_is_null(
    server: ScriptedUpstream, upstream: OpenAIUpstream
) -> None:
    server.queue(answer(b'[{"id":"m","price":NaN,"size":1e400,"share":0.5}]'))

    assert await upstream.models() == [{"id": "m", "price": None, "size": None, "share": 0.5}]


@pytest.mark.parametrize("status", [401, 403, 404, 500])
async def test_what_the_upstream_says_instead_of_a_list_is_reported(
    server: ScriptedUpstream, upstream: OpenAIUpstream, status: int
) -> None:
    server.queue(answer(REFUSED, status))

    with pytest.raises(UpstreamRefusal) as caught:
        await upstream.models()

    assert (caught.value.status, b"invalid_api_key" in caught.value.body) == (status, True)


@pytest.mark.parametrize("script", [[Close()], answer(b"<html>"), answer({"data": None})])
async def test_no_list_at_all_is_an_error_where_nothing_is_configured(
    server: ScriptedUpstream, upstream: OpenAIUpstream, script: list[object]
) -> None:
    server.queue(script)  # type: ignore[arg-type]  # steps of any kind

    with pytest.raises(UpstreamError):
        await upstream.models()


async def test_a_refused_key_is_reported_also_where_models_are_configured(
    server: ScriptedUpstream,
) -> None:
    server.queue(answer(REFUSED, 401), answer({}, 500))
    config = UpstreamConfig("up", server.base_url, models=("configured",))
    upstream = OpenAIUpstream(config, environment=False)

    with pytest.raises(UpstreamRefusal):
        await upstream.models()

    assert [model["id"] for model in await upstream.models()] == ["configured"]
    await upstream.aclose()
