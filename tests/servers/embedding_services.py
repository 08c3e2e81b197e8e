"""Embedding services that are not ours, as ASGI apps: somebody's own, and Lambda's Invoke API."""

import asyncio
import json
import threading
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_cache_proxy.ports.embedder import Embedder


def plain_service(embedder: Embedder) -> Starlette:
    """Knows `{"text"}` and `{"embedding"}` alone; anything else is a 422."""

    async def embed(request: Request) -> Response:
        text = (await request.json()).get("text")
        if not isinstance(text, str):
            return Response(status_code=422)
        (found,) = await embedder.embed([text])
        return _json({"embedding": list(found.vector)})

    return Starlette(routes=[Route("/v2/vector", embed, methods=["POST"])])


def invoke_api(name: str, handler: Callable[[object, object], object]) -> Starlette:
    """One function behind Lambda's API, one invocation at a time.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
    """
    one_at_a_time = threading.Lock()

    def run(event: object) -> Response:
        with one_at_a_time:
            try:
                return _json(handler(event, None))
            except Exception as exc:  # noqa: BLE001 - Lambda reports whatever a function raises
                failure = {"errorMessage": str(exc), "errorType": type(exc).__name__}
                return _json(failure, {"x-amz-function-error": "Unhandled"})

    async def invoke(request: Request) -> Response:
        return await asyncio.to_thread(run, json.loads(await request.body()))

    path = f"/2015-03-31/functions/{name}/invocations"
    return Starlette(routes=[Route(path, invoke, methods=["POST"])])


def _json(content: object, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(content), media_type="application/json", headers=headers)
