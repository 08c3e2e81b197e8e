"""Which web pages may call the API from a browser."""

from typing import TypeVar

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

App = TypeVar("App", bound=ASGIApp)

_KEPT_SECONDS = 600


def allowed_origins(origins: str | None) -> frozenset[str]:
    """The origins one by one; none of them for None."""
    return frozenset(filter(None, (origin.strip() for origin in (origins or "").split(","))))


def with_cors(app: App, origins: str | None) -> App | CORSMiddleware:
    """`app`, open to pages of `origins` (separated by commas, `*` for all); None opens nothing.

    Every header is readable there: `x-cache` and its like are part of the answer. Cookies are
    never sent, for keys come in a header.
    """
    if origins is None:
        return app
    return CORSMiddleware(
        app,
        allow_origins=sorted(allowed_origins(origins)),
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=["*"],
        max_age=_KEPT_SECONDS,
    )
