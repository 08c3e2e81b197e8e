"""`GET /openapi.json`, and the same below `/v1`, where clients with only a base URL find it."""

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.raw_requests import request_id_of
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE


async def describe(request: Request) -> Response:
    """The description; what makes it is imported by the first request for it."""
    from llm_cache_proxy.api.description.document import description_text  # noqa: PLC0415 - above

    headers = {"x-request-id": request_id_of(request), "cache-control": "no-cache"}
    # Relative, so that it also holds below a stage's path.
    root = ".." if request.scope["path"].startswith("/v1/") else "."
    return Response(description_text(root), headers=headers, media_type=JSON_TYPE)
