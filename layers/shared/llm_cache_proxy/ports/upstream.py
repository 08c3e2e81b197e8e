"""The LLM: an OpenAI-compatible API, or several of them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from llm_cache_proxy.domain.client_keys.key_ring import UpstreamKey
from llm_cache_proxy.domain.record import record


@record()
class Route:
    """Who answers: a configured upstream's name and the model's name there."""

    upstream: str
    model: str


@record()
class UpstreamCall:
    """One request to send on.

    `path` is below the base URL ("/chat/completions"), `query` without "?". `headers` are the
    client's that may pass; credentials are the adapter's, or the client's own `upstream_key`, which
    goes to the first of the routes alone. `routes` are tried in order; where a
    route's model differs from `model`, the body's model is replaced. `streaming` says that the
    answer is to be handed on piece by piece, so that no total deadline applies after the first.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    model: str | None
    routes: Sequence[Route]
    streaming: bool
    upstream_key: UpstreamKey | None = None


@record()
class UpstreamReply:
    """The upstream's answer, whatever its status; `headers` in lower case, hop-by-hop ones gone.

    `body` raises `UpstreamError` where the answer breaks off. It must be closed (`aclose`) by
    a caller that does not read it to the end; that cancels the upstream call.
    """

    status: int
    headers: Mapping[str, str]
    body: AsyncGenerator[bytes, None]
    route: Route
    attempts: int = 1
    extras: Mapping[str, str] = field(default_factory=dict)


class Upstream(Protocol):
    """Failure (`UpstreamError`) means: no answer, unless a stale one may be served."""

    def routes(self, model: str, path: str = "") -> Sequence[Route]:
        """The routes for this model at this path, preferred first; empty where none serves it."""
        ...

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        """The first byte's worth of an answer; retried and routed on before that only."""
        ...

    async def models(self) -> list[dict[str, object]]:
        """OpenAI model objects, merged over upstreams.

        An upstream that does not answer contributes what is configured for it. Raises UpstreamError
        where none answered, and either refused our key or left nothing to list.
        """
        ...

    async def aclose(self) -> None:
        """Close connections; the upstream is not used afterwards."""
        ...
