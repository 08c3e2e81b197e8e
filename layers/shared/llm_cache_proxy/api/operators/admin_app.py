"""`/admin/*`: each path is one action, its fields from the query or the body.

Decides the mapping only; what an action does is in `administration`.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_cache_proxy.administration import Administration
from llm_cache_proxy.api.http.request_body import read_json_body
from llm_cache_proxy.api.operators.admin_key import Endpoint, json_response, operator_endpoint
from llm_cache_proxy.api.operators.admin_paths import PATHS
from llm_cache_proxy.api.operators.app import operator_app
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject, parse_object

_MAX_BODY_BYTES = 5_000_000

_READING = {path: action for path, (method, action) in PATHS.items() if method == "GET"}
_DOING = {path: action for path, (method, action) in PATHS.items() if method == "POST"}


def create_admin_app(administration: Administration, admin_key: str | None) -> Starlette:
    """The admin function's app."""
    return operator_app(admin_routes(administration, admin_key), administration.close)


def admin_routes(administration: Administration, admin_key: str | None) -> list[Route]:
    """Every path under `/admin`."""

    def reading(name: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            fields = dict(request.query_params)
            return json_response(await administration.perform({**fields, "action": name}))

        return operator_endpoint(answer, admin_key)

    def doing(name: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            fields = await _fields(request)
            return json_response(await administration.perform({**fields, "action": name}))

        return operator_endpoint(answer, admin_key)

    return [
        *(Route(path, reading(name), methods=["GET"]) for path, name in _READING.items()),
        *(Route(path, doing(name), methods=["POST"]) for path, name in _DOING.items()),
    ]


async def _fields(request: Request) -> JsonObject:
    """The body's fields; no body has none."""
    body = await read_json_body(request, _MAX_BODY_BYTES)
    fields = parse_object(body) if body.strip() else {}
    if "action" in fields:
        raise InvalidRequest("The path names the action; leave 'action' out.", param="action")
    return fields
