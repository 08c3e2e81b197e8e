"""An embedder behind an HTTP address (`EMBEDDING_URL`).

One text is `POST {"text": …}` and `{"embedding": […]}`, which any service can speak. Several
texts are `{"texts": […]}` where the service knows it, and one after the other where it does not.
Never follows a redirect, never retries, and never waits longer than its timeout.
"""

import asyncio
from collections.abc import Sequence

from llm_cache_proxy.adapters.embedder.replies import (
    Fields,
    check_id,
    parse_reply,
    read_batch,
    read_item,
)
from llm_cache_proxy.adapters.embedder.service_calls import Refused, ServiceCalls
from llm_cache_proxy.adapters.embedder.text import encodable
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.ports.embedder import Embedding

_NAMED_BY_ADDRESS = "http:"
_TEXTS_PER_CALL = 16  # so that a call with long texts stays within a prompt's timeout
_MOST_BYTES = 8_000_000


class HttpEmbedder:
    """`timeout_seconds` bounds each call, from connecting to the last byte.

    An `embedder_id` that begins with "http:" names whatever answers at the address; any other is
    the model's own, and an answer that names another model is refused.
    """

    def __init__(self, url: str, *, embedder_id: str, timeout_seconds: float) -> None:
        self._url = url
        self._embedder_id = embedder_id
        self._timeout_seconds = timeout_seconds
        self._calls = ServiceCalls(timeout_seconds=timeout_seconds, most_bytes=_MOST_BYTES)
        self._knows_batches = True

    @property
    def embedder_id(self) -> str:
        """The configured name; vectors of different ids are never compared."""
        return self._embedder_id

    @property
    def priced_as(self) -> str:
        """No model: its calls cost no tokens."""
        return ""

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order; accepts any text. Raises EmbedderUnavailable."""
        found: list[Embedding] = []
        for start in range(0, len(texts), _TEXTS_PER_CALL):
            found += await self._some(texts[start : start + _TEXTS_PER_CALL])
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self._calls.aclose()

    async def _some(self, texts: Sequence[str]) -> list[Embedding]:
        if len(texts) > 1 and self._knows_batches:
            try:
                reply = await self._post({"texts": [encodable(text) for text in texts]})
            except Refused:
                self._knows_batches = False
            else:
                if "embeddings" in reply:
                    return read_batch(reply, texts)
                self._knows_batches = False
        return [read_item(await self._post({"text": encodable(text)}), text) for text in texts]

    async def _post(self, fields: Fields) -> Fields:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                reply = parse_reply(await self._calls.post(self._url, fields))
        except TimeoutError as exc:
            raise EmbedderUnavailable(
                f"The embedder did not answer within {self._timeout_seconds:g} s."
            ) from exc
        if not self._embedder_id.startswith(_NAMED_BY_ADDRESS):
            check_id(reply, self._embedder_id)
        return reply
