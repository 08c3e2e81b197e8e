"""The embedding function as Lambda calls it: directly, or through an API.

A direct invocation is `{"text"}` or `{"texts"}` and gets what HTTP would have as its body; a
refusal is OpenAI's error object, and a fault of ours is raised, which Lambda reports as such.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from llm_cache_proxy.api.embedding.answer import embedded, refusal
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.embedder import Embedder

if TYPE_CHECKING:
    from mangum import Mangum


class EmbeddingFunction:
    """One invocation at a time, on an event loop of its own."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._loop: asyncio.AbstractEventLoop | None = None
        self._http: Mangum | None = None

    def prime(self) -> None:
        """Load the model and run it once; raises EmbedderUnavailable."""
        self._running_loop().run_until_complete(self._embedder.embed(["ready"]))

    # An event is any JSON; the context is Lambda's, which has no published type.
    def __call__(self, event: object, context: Any) -> JsonObject:  # noqa: ANN401
        """The invocation's answer."""
        loop = self._running_loop()
        if isinstance(event, dict) and "requestContext" in event:
            return self._over_http()(event, context)
        try:
            fields = _fields(event)
            return loop.run_until_complete(embedded(self._embedder, fields))
        except InvalidRequest as exc:
            return refusal(exc)

    def close(self) -> None:
        """Unload the model and close the loop."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.run_until_complete(self._embedder.aclose())
            loop.close()

    def _over_http(self) -> "Mangum":
        # Mangum looks for the thread's own loop.
        asyncio.set_event_loop(self._running_loop())
        if self._http is None:
            # A direct invocation, the usual one, does not wait for a web framework to load.
            from mangum import Mangum  # noqa: PLC0415

            from llm_cache_proxy.api.embedding.app import embedding_app  # noqa: PLC0415

            self._http = Mangum(embedding_app(self._embedder), lifespan="off")
        return self._http

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        return self._loop


def _fields(event: object) -> Mapping[str, object]:
    if not isinstance(event, dict):
        raise InvalidRequest("The event must be an object with 'text' or 'texts'.")
    return event
