"""Routes that are imported with the first request for one of them.

An exact hit in a new Lambda instance does not wait for models and routes that it does not use.
"""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


class RouterOnFirstUse(BaseRoute):
    """Takes requests of `method` to `path`, or below it where it ends in a slash.

    `load` is called by the first of them; its router's own paths are whole ones.
    """

    def __init__(self, method: str, path: str, load: Callable[[], APIRouter]) -> None:
        self.load = load
        self._method = method
        self._path = path
        self._router: APIRouter | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the request is one of them; another method is left to the routes after."""
        if scope["type"] != "http" or scope["method"] != self._method:
            return Match.NONE, {}
        path: str = scope["path"]
        below = self._path.endswith("/") and path.startswith(self._path)
        return (Match.FULL if below or path == self._path else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the router serve the request."""
        if self._router is None:
            self._router = self.load()
        await self._router(scope, receive, send)
