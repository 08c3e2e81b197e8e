"""The completions app inside a Lambda function, which is frozen as soon as it has answered.

Decides when an answer may end: not before its counts are written. Decides what an instance that
is restored from a SnapStart snapshot makes anew: settings and secrets, connections, clocks that
run, and the seed of random numbers. Never serves a request itself.
"""

import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_cache_proxy.api.app import Service

BEFORE_SNAPSHOT = "/snapstart/before"
AFTER_RESTORE = "/snapstart/after"
"""The paths that the Lambda Web Adapter posts to, and refuses to all other callers."""


class Served(NamedTuple):
    """A service, and the app that serves with it."""

    service: Service
    app: ASGIApp


async def unchanged() -> Served | None:
    """Settings that never change while an instance runs."""
    return None


class FunctionApp:
    """`restored` composes another service from fresh settings, `prime` imports what it may need.

    `changed` is asked before each request, and gives a service where settings have changed since.
    """

    def __init__(
        self,
        served: Served,
        *,
        restored: Callable[[], Served],
        prime: Callable[[], None],
        changed: Callable[[], Awaitable[Served | None]] = unchanged,
    ) -> None:
        self._service, self._app = served
        self._prime = prime
        self._restored = restored
        self._changed = changed
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the server's own start and end."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] in (BEFORE_SNAPSHOT, AFTER_RESTORE):
            await self._snapshot(scope["path"], send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._in_flight and (served := await self._changed()):
            before, (self._service, self._app) = self._service, served
            await before.close()
        self._in_flight += 1
        try:
            await self._app(scope, receive, self._waiting_before_the_end(send))
        finally:
            self._in_flight -= 1

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._service.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _snapshot(self, path: str, send: Send) -> None:
        if path == BEFORE_SNAPSHOT:
            self._prime()
            await self._service.close()
        else:
            random.seed()  # the snapshot's is the same in every instance that it becomes
            self._service, self._app = self._restored()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def _waiting_before_the_end(self, send: Send) -> Send:
        async def waiting(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await self._service.pipeline.proxy.wait_for_background()
            await send(message)

        return waiting
