"""What every HTTP face in front of the cache is: an application whose errors are OpenAI's."""

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI

from llm_cache_proxy.api.http.bare_app import bare_app
from llm_cache_proxy.api.http.error_handlers import add_error_handlers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Lifespan


def create_application(lifespan: "Lifespan[FastAPI] | None" = None) -> FastAPI:
    """An application without routes, whose errors have OpenAI's shape."""
    app = bare_app(lifespan)
    add_error_handlers(app)
    return app


def closing(close: Callable[[], Awaitable[None]]) -> "Lifespan[FastAPI]":
    """A lifespan whose end awaits `close`."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> "AsyncIterator[None]":
        yield
        await close()

    return lifespan
