"""The service behind the completions app, and how a route gets it."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from llm_cache_proxy.domain.client_keys.key_ring import Client, KeyRing
from llm_cache_proxy.domain.client_keys.upstream_keys import UpstreamKeys
from llm_cache_proxy.pipeline.composition import Pipeline
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.embedder import Embedder
from llm_cache_proxy.ports.tracer import Tracer

if TYPE_CHECKING:  # administration is imported with the first feedback, not with the app
    from llm_cache_proxy.administration import Feedback


@dataclass(frozen=True, slots=True)
class Service:
    """What the app serves with."""

    pipeline: Pipeline
    """Answers the cached requests."""
    embedder: Embedder | None
    """The proxy's own model; None where prompts have another one's vectors."""
    feedback: "Callable[[], Feedback]"
    """Called by the first request that gives feedback."""
    max_body_bytes: int
    """The limit of a request's body."""
    health: Callable[[], Awaitable[dict[str, object]]]
    """Finds out the state of each part."""
    close: Callable[[], Awaitable[None]]
    """Ends each part."""
    request_events: RequestEvents
    """Writes one event for each request."""
    background_work: Callable[[], Coroutine[None, None, None]] | None = None
    """Runs for as long as the app does, where it outlives its requests."""
    key_ring: KeyRing | None = None
    """Verifies client keys; without it no client needs a key."""
    keyed_paths: frozenset[str] = frozenset()
    """Served to client keys besides the stateless paths."""
    tracer: Tracer | None = None
    """Without it nothing is traced."""
    cached_paths: frozenset[str] = frozenset()
    """Cached besides the paths that always are."""
    unseeded_images: bool = False
    """Whether images without a seed are cached."""
    upstream_keys: UpstreamKeys | None = None
    """With them clients bring keys of their own to the upstream."""


def service_of(request: Request) -> Service:
    """The app's service."""
    return cast("Service", request.app.state.service)


def client_of(request: Request) -> Client:
    """Who asks: the middleware has verified the key, or there is none to verify."""
    return cast("Client", request.state.client)


CurrentService = Annotated[Service, Depends(service_of)]
CurrentClient = Annotated[Client, Depends(client_of)]


async def admitted(client: CurrentClient, service: CurrentService) -> RequestState:
    """A request that costs nothing, counted against its key's limits. Raises RequestRefused."""
    return await service.pipeline.admission.free(client)


Admitted = Annotated[RequestState, Depends(admitted)]
