"""The routes of an app, also those that it imports with the first request for them."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from llm_cache_proxy.api.http.router_on_first_use import RouterOnFirstUse


def app_routes(app: FastAPI) -> Iterator[RouteContext]:
    """Each route once."""
    for route in app.routes:
        routes = route.load().routes if isinstance(route, RouterOnFirstUse) else [route]
        for context in iter_route_contexts(routes):
            if isinstance(context.original_route, APIRoute):
                yield context
