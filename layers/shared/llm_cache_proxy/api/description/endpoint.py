"""`GET /openapi.json`, and the same below `/v1`, where clients with only a base URL find it.

It is made in one thread: that takes four tenths of a second, in which hits are served.
"""

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.description.made_once import MadeOnce
from llm_cache_proxy.api.http.raw_requests import request_id_of
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE


async def describe(request: Request) -> Response:
    """The description; what makes it is imported by the first request for it."""
    headers = {"x-request-id": request_id_of(request), "cache-control": "no-cache"}
    # Relative, so that it also holds below a stage's path.
    root = ".." if request.scope["path"].startswith("/v1/") else "."
    texts = await _TEXTS.get()
    return Response(texts[root], headers=headers, media_type=JSON_TYPE)


def _texts() -> dict[str, bytes]:
    from llm_cache_proxy.api.description.document import description_text  # noqa: PLC0415 - above

    return {root: description_text(root) for root in (".", "..")}


_TEXTS = MadeOnce(_texts)
