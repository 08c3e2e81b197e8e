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
    """What the app serves with; `health` finds out each part's state, `close` ends them.

    `meanwhile` runs for as long as the app does, where it outlives its requests.
    Without a `key_ring` no client needs a key; `keyed_paths` are served to keys besides the
    stateless ones. `cached_paths` are cached besides those that always are, images without a seed
    only where `unseeded_images` says so. `embedder` is the proxy's own model, None where prompts
    have another one's vectors. `feedback` is called by the first request that gives some. Without a
    `tracer` nothing is traced. With `upstream_keys` clients bring keys of their own.
    """

    pipeline: Pipeline
    embedder: Embedder | None
    feedback: "Callable[[], Feedback]"
    max_body_bytes: int
    health: Callable[[], Awaitable[dict[str, object]]]
    close: Callable[[], Awaitable[None]]
    request_events: RequestEvents
    meanwhile: Callable[[], Coroutine[None, None, None]] | None = None
    key_ring: KeyRing | None = None
    keyed_paths: frozenset[str] = frozenset()
    tracer: Tracer | None = None
    cached_paths: frozenset[str] = frozenset()
    unseeded_images: bool = False
    upstream_keys: UpstreamKeys | None = None


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
