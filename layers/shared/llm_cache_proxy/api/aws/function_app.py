"""The completions app inside a Lambda function, which is frozen as soon as it has answered.

Decides when an answer may end: not before its counts are written. Decides what a SnapStart
snapshot holds: imported code, and no connection, secret or seed. Never serves a request itself.
"""

from collections.abc import Callable

from starlette.types import Message, Receive, Scope, Send

from llm_cache_proxy.api.app import Service, create_app

BEFORE_SNAPSHOT = "/snapstart/before"
AFTER_RESTORE = "/snapstart/after"
"""The paths that the Lambda Web Adapter posts to, and refuses to all other callers."""


class FunctionApp:
    """`renewed` composes another service from fresh settings, `prime` imports what it may need."""

    def __init__(
        self, service: Service, *, renewed: Callable[[], Service], prime: Callable[[], None]
    ) -> None:
        self._service = service
        self._prime = prime
        self._renewed = renewed
        self._app = create_app(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the server's own start and end."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] in (BEFORE_SNAPSHOT, AFTER_RESTORE):
            await self._snapshot(scope["path"], send)
        else:
            await self._app(scope, receive, self._waiting_before_the_end(send))

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
            self._service = self._renewed()
            self._app = create_app(self._service)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def _waiting_before_the_end(self, send: Send) -> Send:
        async def waiting(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await self._service.pipeline.proxy.wait_for_background()
            await send(message)

        return waiting
