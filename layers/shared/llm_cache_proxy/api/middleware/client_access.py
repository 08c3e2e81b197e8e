"""Access to `/v1`, decided before any route: open to every client, or to holders of a client key.

A path has one spelling: without that, a base URL with a slash too many would send every request
past the cache in silence.

Keyed clients share one account at the upstream, so they are served only paths that keep nothing
there that another tenant could read. A client's key ends here; no later step sees it.
"""

import re
from collections.abc import Collection
from dataclasses import replace

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from llm_cache_proxy.api.http import paths
from llm_cache_proxy.api.http.errors import refused
from llm_cache_proxy.domain.client_keys.key_ring import Client, KeyRing, presented_key
from llm_cache_proxy.domain.client_keys.upstream_keys import UpstreamKeys
from llm_cache_proxy.domain.errors import Forbidden, NotFound, NotPermitted

OPEN_CLIENT = Client(tenant="default")
"""The client of every request where no client key is required."""

_STATELESS = frozenset(
    {
        "/chat/completions",
        "/completions",
        "/embeddings",
        "/messages",
        "/messages/count_tokens",
        "/responses",
    }
)
"""Paths that keep nothing at the upstream: open to every client key."""
_OWN_POST_PATHS = frozenset({"/cache/feedback"})
_MODELS = "/models"
_WRONG_PATH = re.compile(r"/v1(?:/v1(?:/|$)|.*//)|//+v1(?:/|$)")


class ClientAccess:
    """ASGI middleware; leaves the `Client` in the request's state as `client`.

    A slash at a path's end is left out; an empty part or a second `/v1` is refused.
    `key_ring` None opens everything. `further_paths` are those below `/v1` that the operator
    lists besides the stateless ones. With `upstream_keys` a client brings its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        key_ring: KeyRing | None,
        further_paths: Collection[str] = (),
        upstream_keys: UpstreamKeys | None = None,
    ) -> None:
        self._app = app
        self._key_ring = key_ring
        self._upstream_keys = upstream_keys
        self._further_paths = frozenset(further_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        under_root = path == paths.ROOT or path.startswith(f"{paths.ROOT}/")
        state = scope.setdefault("state", {})
        try:
            if _WRONG_PATH.match(sent := _as_sent(scope)):
                raise _wrong_path(sent)
            if path.endswith("/") and under_root:
                scope = {**scope, "path": path.rstrip("/")}
            if under_root:
                state["client"] = self._with_upstream_key(self._client(scope), scope)
        except (NotFound, NotPermitted) as exc:
            await refused(exc, state["request_id"], path)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _client(self, scope: Scope) -> Client:
        if self._key_ring is None:
            return OPEN_CLIENT
        client = self._key_ring.verified(presented_key(Headers(scope=scope)))
        path = scope["path"].removeprefix(paths.ROOT)
        if not self._serves(scope["method"], path):
            raise Forbidden(
                f"{scope['method']} {scope['path'][:200]} is not served to client keys, for it "
                "may reach what others keep at the upstream. The operator can list it in "
                "KEYED_PATHS.",
                code="path_not_allowed",
            )
        return client

    def _with_upstream_key(self, client: Client, scope: Scope) -> Client:
        path = scope["path"].removeprefix(paths.ROOT)
        if self._upstream_keys is None or path in _OWN_POST_PATHS or path == paths.OPENAPI:
            return client
        keyed = self._key_ring is not None
        key = self._upstream_keys.presented(Headers(scope=scope), keyed=keyed)
        return replace(client, upstream_key=key)

    def _serves(self, method: str, path: str) -> bool:
        if path in self._further_paths:
            return True
        if path in {_MODELS, paths.OPENAPI} or path.startswith(f"{_MODELS}/"):
            return method in {"GET", "HEAD"}
        return path in _STATELESS | _OWN_POST_PATHS and method == "POST"


def _as_sent(scope: Scope) -> str:
    """The path before it was decoded, where the server keeps it: `%2F` is part of a name."""
    raw = bytes(scope.get("raw_path") or b"").partition(b"?")[0]
    return raw.decode("latin-1") or str(scope["path"])


def _wrong_path(path: str) -> NotFound:
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
