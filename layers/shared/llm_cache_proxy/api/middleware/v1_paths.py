"""Paths below `/v1` as clients write them: one spelling for each, and a word on wrong ones.

Without it, a base URL with a slash too many would send every request past the cache in silence.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from llm_cache_proxy.api.http.errors import refused
from llm_cache_proxy.domain.errors import NotFound

_WRONG = re.compile(r"/v1(?:/v1(?:/|$)|.*//)|//+v1(?:/|$)")


class V1Paths:
    """ASGI middleware: a slash at the end is left out, an empty part or a second `/v1` refused."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if _WRONG.match(path):
            await refused(_refusal(path), scope["state"]["request_id"])(scope, receive, send)
            return
        if path.endswith("/") and path.startswith("/v1/"):
            scope = {**scope, "path": path.rstrip("/")}
        await self._app(scope, receive, send)


def _refusal(path: str) -> NotFound:
    shown = path[:200]
    if "//" in path:
        return NotFound(
            f"{shown}: two slashes follow each other. End the base URL in /v1, without a slash.",
            code="unknown_url",
        )
    return NotFound(
        f"{shown}: /v1 stands in it twice. Leave it out of the base URL, or out of the path.",
        code="unknown_url",
    )
