"""`GET /health`: whether the server serves, and whether each part of it works."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from llm_cache_proxy.api.v1.service import service_of


async def health(request: Request) -> Response:
    """Whether each part works, found out by using it; 200 for as long as it serves at all."""
    return JSONResponse(await service_of(request).health())
