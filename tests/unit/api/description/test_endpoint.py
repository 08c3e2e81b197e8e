"""The description is asked for like a page, and nobody waits for its making but who asks."""

import asyncio
import json

from starlette.requests import Request

from llm_cache_proxy.api.description.endpoint import describe


def request(path: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": path, "headers": [], "state": {}})


async def test_it_is_made_beside_the_event_loop() -> None:
    """The first one takes four tenths of a second, in which a hit would have waited."""
    described = asyncio.create_task(describe(request("/openapi.json")))

    await asyncio.sleep(0)  # its whole turn, were it made in the loop

    assert not described.done()
    assert (await described).status_code == 200


async def test_those_who_ask_at_once_get_the_same() -> None:
    first, second = await asyncio.gather(
        describe(request("/openapi.json")), describe(request("/v1/openapi.json"))
    )

    assert json.loads(bytes(first.body))["servers"] == [{"url": "."}]
    assert json.loads(bytes(second.body))["servers"] == [{"url": ".."}]
    assert json.loads(bytes(first.body))["paths"] == json.loads(bytes(second.body))["paths"]
