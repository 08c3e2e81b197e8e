"""The API's description, made from the routes and their models.

Covers every face that clients and operators see, whichever function serves it. Made once, when it
is first asked for; `endpoint` sees to it that one thread does so.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from llm_cache_proxy.api.description.anthropic_bodies import REFERRED as ANTHROPIC_REFERRED
from llm_cache_proxy.api.description.bodies import REFERRED
from llm_cache_proxy.api.description.errors import ErrorBody
from llm_cache_proxy.api.description.headers import HEADERS, PARAMETERS
from llm_cache_proxy.api.description.named_bodies import REFERRED as NAMED_REFERRED
from llm_cache_proxy.api.http.json_body import JsonBody
from llm_cache_proxy.api.operators.admin_app import router as admin_router
from llm_cache_proxy.api.operators.metrics_app import router as metrics_router
from llm_cache_proxy.api.v1.cached.named_paths import DESCRIBED_PATHS, named_routes
from llm_cache_proxy.api.v1.own import feedback, models
from llm_cache_proxy.api.v1.raw_routes import CACHED_ROUTES, UNCACHED_ROUTES
from llm_cache_proxy.api.v1.schemas import Health
from llm_cache_proxy.domain.dialects.anthropic.errors import speaks_anthropic
from llm_cache_proxy.domain.json_text import compact_text

_REFERENCE = "#/components/schemas/{model}"
_ABOUT = (
    "OpenAI's API, and Anthropic's Messages API, answered from a cache where it may be. Fields "
    "that are not named here pass to the upstream as they came; so does every other path below "
    "/v1. Moderations, rankings, images and the words of recordings are cached where CACHED_PATHS "
    "names them, and pass elsewhere."
)
_CLIENT_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A client key, where the operator asks for one; it never reaches the upstream.",
}
Description = dict[str, Any]


def description_text(root: str = ".") -> bytes:
    """The description as JSON; `root` is where the paths begin, seen from the document."""
    return compact_text({**description(), "servers": [{"url": root}]}).encode()


@cache
def description() -> Description:
    """The description: OpenAPI 3.1. One object, which nobody writes to."""
    app = described_app()
    made = get_openapi(
        title="LLM Cache Proxy",
        version="1",
        description=_ABOUT,
        routes=app.routes,
    )
    bodies = dict(_bodies(app))
    components = made["components"]
    referred = (*REFERRED, *ANTHROPIC_REFERRED, *NAMED_REFERRED)
    components["schemas"] |= _schemas(*referred, Health, *bodies.values(), ErrorBody)
    for unused in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which we replace
        components["schemas"].pop(unused, None)
    components |= {"parameters": PARAMETERS, "headers": HEADERS, "responses": _errors()}
    components["securitySchemes"]["clientKey"] = _CLIENT_KEY
    for path, operations in made["paths"].items():
        for operation in operations.values():
            _complete(path, operation, bodies.get(operation["operationId"]))
    return made


def described_app() -> FastAPI:
    """The routes of every function in one app, which never serves requests."""
    app = FastAPI(openapi_url=None, generate_unique_id_function=lambda route: route.name)
    app.router.routes.extend([*CACHED_ROUTES, *UNCACHED_ROUTES, *named_routes(DESCRIBED_PATHS)])
    for router in (models.router, feedback.router, metrics_router, admin_router):
        app.include_router(router)
    return app


def _complete(path: str, operation: Description, body: type[BaseModel] | None) -> None:
    """Add what holds for all operations: the body that is read by our rules, headers, errors."""
    if body is not None:
        schema = {"$ref": _REFERENCE.format(model=body.__name__)}
        required = any(field.is_required() for field in body.model_fields.values())
        operation["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": schema}},
        }
    said, _, more = operation.pop("description", operation["summary"]).partition("\n")
    operation["summary"] = said.rstrip(".")
    if more.strip():
        operation["description"] = more.strip()
    operation["tags"] = ["clients" if path.startswith(("/v1", "/health")) else "operators"]
    responses = operation["responses"]
    responses.pop("422", None)
    shape = "Anthropic" if speaks_anthropic(path) else ""
    responses["4XX"] = {"$ref": f"#/components/responses/{shape}Refused"}
    responses["5XX"] = {"$ref": f"#/components/responses/{shape}Failed"}
    if path.startswith("/v1"):
        operation["security"] = [{}, {"clientKey": []}]
        names = [name for name in HEADERS if shape or name != "request-id"]
    else:
        operation["security"] = [{}, *operation.get("security", [])]
        names = [] if path == "/health" else ["x-request-id"]
    responses["200"]["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _bodies(app: FastAPI) -> Iterator[tuple[str, type[BaseModel]]]:
    """The model of each operation whose body is read by a `JsonBody`, by the operation's id."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            for dependency in _all(route.dependant):
                if isinstance(dependency.call, JsonBody):
                    yield route.name, dependency.call.model


def _all(dependant: Dependant) -> Iterator[Dependant]:
    for dependency in dependant.dependencies:
        yield dependency
        yield from _all(dependency)


def _schemas(*described: type[BaseModel]) -> Description:
    wanted = [(model, "validation") for model in dict.fromkeys(described)]
    _, schema = models_json_schema(wanted, ref_template=_REFERENCE)  # type: ignore[arg-type]
    definitions: Description = schema["$defs"]
    return definitions


def _errors() -> Description:
    headers = {"x-request-id": {"$ref": "#/components/headers/x-request-id"}}
    said = {
        "Refused": "The request cannot be served as it is, or the upstream refused it.",
        "Failed": "The upstream or a store failed, or nothing was stored for only-if-cached.",
    }
    return {
        f"{shape}{name}": {"description": text, "headers": headers, "content": _error(shape)}
        for name, text in said.items()
        for shape in ("", "Anthropic")
    }


def _error(shape: str) -> Description:
    schema = {"$ref": _REFERENCE.format(model=f"{shape}ErrorBody")}
    return {"application/json": {"schema": schema}}
