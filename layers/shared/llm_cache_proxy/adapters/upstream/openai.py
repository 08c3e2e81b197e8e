"""One API, OpenAI-compatible or Anthropic's: what is sent there, with whose key, and for how long.

Never sends a client's credentials, and never repeats a call; `upstream.pool` does.
"""

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from llm_cache_proxy.adapters.upstream.headers import for_client, for_upstream
from llm_cache_proxy.adapters.upstream.model_list import ModelList, models_in
from llm_cache_proxy.domain.client_keys.upstream_keys import ACCOUNT_HEADERS
from llm_cache_proxy.domain.closable_body import bounded_body
from llm_cache_proxy.domain.errors import NotFound, UpstreamError, UpstreamRefusal
from llm_cache_proxy.domain.json_text import with_model
from llm_cache_proxy.domain.upstreams.config import Kind, UpstreamConfig, candidates
from llm_cache_proxy.ports.upstream import Route, UpstreamCall, UpstreamReply

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.upstream.http_calls import HttpCalls, Outgoing


_ALL_MODELS = "limit=1000"
"""Anthropic lists 20 models to a page where nothing else is asked."""
_MOST_LIST_BYTES = 4_000_000
"""Of a list of models; a longer one counts as none."""


class OpenAIUpstream:
    """The API that `config` names; connects on first use, over HTTP/2 where both sides may.

    `environment` says whether HTTP_PROXY and its like are obeyed.
    """

    def __init__(self, config: UpstreamConfig, *, environment: bool = True) -> None:
        self.config = config
        self._environment = environment
        self._calls: HttpCalls | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def routes(self, model: str, path: str = "") -> Sequence[Route]:  # noqa: ARG002 - the port's
        """The one route there is, if the model is served."""
        return [Route(config.name, name) for config, name in candidates([self.config], model)]

    async def send(self, call: UpstreamCall, *, within_seconds: float = math.inf) -> UpstreamReply:
        """One attempt; `within_seconds` narrows the configured limits."""
        route = self._route(call)
        response, body = await self._http().call(self._outgoing(call, route, within_seconds))
        return UpstreamReply(
            status=response.status_code,
            headers=for_client(response.headers.raw, undecoded=response.extensions["undecoded"]),
            body=body,
            route=route,
        )

    async def models(self) -> list[dict[str, object]]:
        """The upstream's own list, as far as it is served; else what is configured.

        Raises UpstreamError where there is neither.
        """
        return await ModelList([self], kept_seconds=0, gap_seconds=0).merged()

    def configured_models(self) -> list[dict[str, object]]:
        """Model objects for the names that are known without asking."""
        return [
            {"id": name, "object": "model", "created": 0, "owned_by": self.config.name}
            for name in dict.fromkeys(self.config.configured_models())
        ]

    async def listed_models(self) -> list[dict[str, object]] | UpstreamError:
        """The upstream's own list with our aliases, or why it gives none."""
        is_paged = self.config.kind is Kind.ANTHROPIC
        query = _ALL_MODELS if is_paged else ""
        call = UpstreamCall("GET", "/models", query, {}, b"", None, (), streaming=False)
        try:
            reply = await self.send(call, within_seconds=self.config.timeouts.models_seconds)
            body = await bounded_body(reply.body, _MOST_LIST_BYTES)
        except UpstreamError as exc:
            return exc
        if reply.status >= 400:  # noqa: PLR2004 - HTTP
            return UpstreamRefusal(reply.status, body, upstream=self.config.name)
        listed = models_in(body)
        if listed is None:
            name = self.config.name
            return UpstreamError(f"The upstream '{name}' lists no models.", upstream=name)
        if not listed:
            return self.configured_models()
        unsaid = {"object": "model", "created": 0, "owned_by": self.config.name} if is_paged else {}
        served = [
            {**unsaid, **model}
            for model in listed
            if self.config.served(str(model["id"])) is not None
        ]
        aliases = [
            model for model in self.configured_models() if model["id"] in self.config.aliases
        ]
        return aliases + served

    async def aclose(self) -> None:
        """Close every connection; a later call opens new ones."""
        calls, self._calls = self._calls, None
        if calls is not None:
            await calls.aclose()

    def _route(self, call: UpstreamCall) -> Route:
        mine = (route for route in call.routes if route.upstream == self.config.name)
        return next(mine, Route(self.config.name, call.model or ""))

    def _outgoing(self, call: UpstreamCall, route: Route, within_seconds: float) -> "Outgoing":
        from llm_cache_proxy.adapters.upstream.http_calls import Outgoing

        if _leaves_base_url(call.path):
            raise NotFound("No such route.")
        limits = self.config.timeouts
        limit = limits.first_byte_seconds if call.streaming else limits.total_seconds
        before = asyncio.get_running_loop().time() + min(limit, within_seconds)
        own = call.upstream_key
        renamed = call.model is not None and route.model != call.model
        return Outgoing(
            method=call.method,
            url=self.config.url(call.path, call.query),
            headers=for_upstream(
                call.headers,
                api_key=self.config.api_key if own is None else own.value,
                compressed=not call.streaming,
                kind=self.config.kind,
                path=call.path,
                passing=ACCOUNT_HEADERS if own is not None else (),
            ),
            body=with_model(call.body, route.model) if renamed else call.body,
            first_byte_before=before,
            ends_before=math.inf if call.streaming else before,
        )

    def _http(self) -> "HttpCalls":
        loop = asyncio.get_running_loop()
        if self._calls is None or self._loop is not loop:
            from llm_cache_proxy.adapters.upstream.http_calls import HttpCalls

            # Connections belong to the loop that opened them.
            self._loop = loop
            self._calls = HttpCalls(
                self.config.name,
                self.config.timeouts,
                http2=self.config.http2,
                environment=self._environment,
            )
        return self._calls


def _leaves_base_url(path: str) -> bool:
    """Whether a path would take our key to another place on the upstream's host, or elsewhere."""
    parts = unquote(path).replace("\\", "/").split("/")
    return not path.startswith("/") or not {".", ".."}.isdisjoint(parts)
