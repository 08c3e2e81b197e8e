"""The description is asked for like a page, and nobody waits for its making but who asks."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from starlette.requests import Request

from llm_cache_proxy.api.description.endpoint import describe


def request(path: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": path, "headers": [], "state": {}})


class NoExecutor(ThreadPoolExecutor):
    """Has no thread for anybody."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        raise AssertionError((fn, args, kwargs))


async def test_once_made_it_is_answered_in_the_event_loop_at_either_path() -> None:
    await describe(request("/openapi.json"))
    asyncio.get_running_loop().set_default_executor(NoExecutor())

    assert (await describe(request("/openapi.json"))).status_code == 200
    assert (await describe(request("/v1/openapi.json"))).status_code == 200


async def test_those_who_ask_at_once_get_the_same() -> None:
    first, second = await asyncio.gather(
        describe(request("/openapi.json")), describe(request("/v1/openapi.json"))
    )

    assert json.loads(bytes(first.body))["servers"] == [{"url": "."}]
    assert json.loads(bytes(second.body))["servers"] == [{"url": ".."}]
    assert json.loads(bytes(first.body))["paths"] == json.loads(bytes(second.body))["paths"]
