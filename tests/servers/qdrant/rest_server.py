"""A Qdrant server for tests: the REST routes that qdrant-client uses, with search in memory.

Written from Qdrant's published API description. Strict about what Qdrant is strict about
(dimensions, ids, API keys, payload indexes), and fails on demand. Also runs by itself:
`python -m servers.qdrant.rest_server --port 6333`.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from servers.qdrant import operations
from servers.qdrant.filters import BadFilter, Json
from servers.qdrant.memory import Refused
from servers.qdrant.operations import Collections

VERSION = "1.17.0"
_OPEN_PATHS = ("/", "/healthz", "/livez", "/readyz")
_READING = ("/points", "/query", "/count", "/scroll")

Operation = Callable[[Collections, Mapping[str, str], Json], object]


@dataclass
class QdrantRest:
    """The server as an ASGI app; its fields may be changed while it runs.

    `read_only_api_key` opens what writes nothing. `delay_seconds` holds every answer back;
    `forced`, a status and a body, replaces every answer. `asked` lists each request's method and
    path, `bodies` what came with them.
    """

    api_key: str | None = None
    read_only_api_key: str | None = None
    delay_seconds: float = 0.0
    forced: tuple[int, bytes] | None = None
    collections: Collections = field(default_factory=Collections)
    asked: list[str] = field(default_factory=list)
    bodies: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._app = Starlette(routes=_routes(self))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def _routes(server: QdrantRest) -> list[Route]:
    one, points = "/collections/{name}", "/collections/{name}/points"
    table: list[tuple[str, str, Operation]] = [
        ("GET", "/collections", operations.list_all),
        ("GET", one, operations.describe),
        ("PUT", one, operations.create),
        ("DELETE", one, operations.drop),
        ("GET", f"{one}/exists", operations.exists),
        ("PUT", f"{one}/index", operations.create_index),
        ("DELETE", f"{one}/index/{{field}}", operations.drop_index),
        ("PUT", points, operations.upsert),
        ("POST", points, operations.retrieve),
        ("POST", f"{points}/query", operations.query),
        ("POST", f"{points}/count", operations.count),
        ("POST", f"{points}/delete", operations.delete),
        ("POST", f"{points}/scroll", operations.scroll),
    ]
    return [
        Route("/", _answering(server, _root), methods=["GET"]),
        *(Route(path, _answering(server, _health), methods=["GET"]) for path in _OPEN_PATHS[1:]),
        *(
            Route(path, _answering(server, _result(operation)), methods=[method])
            for method, path, operation in table
        ),
    ]


def _answering(
    server: QdrantRest, answer: Callable[[QdrantRest, Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        server.asked.append(f"{request.method} {request.url.path}")
        if server.delay_seconds:
            await asyncio.sleep(server.delay_seconds)
        if server.forced is not None:
            status, body = server.forced
            return Response(body, status_code=status, media_type="application/json")
        if server.api_key is not None and request.url.path not in _OPEN_PATHS:
            given = request.headers.get("api-key")
            if given is None:
                return PlainTextResponse("Must provide an API key", status_code=401)
            if given != server.api_key and not (
                given == server.read_only_api_key and _reads(request)
            ):
                return PlainTextResponse("Invalid API key or JWT", status_code=403)
        return await answer(server, request)

    return endpoint


def _reads(request: Request) -> bool:
    path = request.url.path
    return request.method == "GET" or (request.method == "POST" and path.endswith(_READING))


def _result(operation: Operation) -> Callable[[QdrantRest, Request], Awaitable[Response]]:
    """Qdrant's envelope, `{"result": …, "status": "ok", "time": seconds}`, or its error's."""

    async def answer(server: QdrantRest, request: Request) -> Response:
        started = time.monotonic()
        try:
            body = json.loads(await request.body() or b"{}")
            server.bodies.append(body)
            result = operation(server.collections, request.path_params, body)
        except Refused as exc:
            return _error(exc.status, str(exc), started)
        except (BadFilter, KeyError, TypeError, ValueError) as exc:
            return _error(400, f"Format error in JSON body: {exc}", started)
        return JSONResponse({"result": result, "status": "ok", "time": time.monotonic() - started})

    return answer


def _error(status: int, error: str, started: float) -> Response:
    elapsed = time.monotonic() - started
    return JSONResponse({"status": {"error": error}, "time": elapsed}, status_code=status)


async def _root(_server: QdrantRest, _request: Request) -> Response:
    return JSONResponse({"title": "qdrant - vector search engine", "version": VERSION})


async def _health(_server: QdrantRest, request: Request) -> Response:
    return PlainTextResponse(f"{request.url.path[1:]} check passed")


def main() -> None:
    parser = argparse.ArgumentParser(description="A Qdrant server in memory, for tests.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6333)
    parser.add_argument("--api-key")
    parser.add_argument("--lenient", action="store_true", help="no strict mode")
    options = parser.parse_args()
    server = QdrantRest(api_key=options.api_key)
    server.collections.strict = not options.lenient
    uvicorn.run(server, host=options.host, port=options.port, lifespan="off", ws="none")


if __name__ == "__main__":
    main()
