"""HEAD wherever GET is answered, as load balancers and uptime monitors ask: the headers alone.

Not below `/v1`, whose paths are the upstream's to answer.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_cache_proxy.api.http.paths import ROOT


def takes_head(path: str) -> bool:
    """Whether HEAD of `path` is answered as GET is."""
    return not path.startswith(f"{ROOT}/")


class HeadAsGet:
    """ASGI middleware: `app` sees a GET in place of a HEAD, and what it sends has no body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope.get("method") != "HEAD" or not takes_head(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, bodiless)
