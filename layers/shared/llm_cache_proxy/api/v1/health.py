"""`GET /health`: whether the server serves, and the state of each tier."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from llm_cache_proxy.api.v1.service import service_of


async def health(request: Request) -> Response:
    """Whether it serves, and the state of each tier."""
    return JSONResponse({"status": "ok", **service_of(request).health()})
