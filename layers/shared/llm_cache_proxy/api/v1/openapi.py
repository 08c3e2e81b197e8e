"""`GET /v1/openapi.json`: the description of the API that openapi.json beside this module holds."""

from functools import cache
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.pipeline.request.answer import JSON_TYPE


async def describe(request: Request) -> Response:
    """The description as it is kept."""
    headers = {"x-request-id": request.state.request_id}
    return Response(_description(), headers=headers, media_type=JSON_TYPE)


@cache
def _description() -> bytes:
    return resources.files("llm_cache_proxy.api.v1").joinpath("openapi.json").read_bytes()
