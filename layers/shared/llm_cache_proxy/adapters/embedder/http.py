"""An embedder behind an HTTP address (`EMBEDDING_URL`).

One text is `POST {"text": …}` and `{"embedding": […]}`, which any service can speak. Several
texts are `{"texts": […]}` where the service knows it, and one after the other where it does not.
Never follows a redirect, never retries, and never waits longer than its timeout.
"""

import asyncio
from collections.abc import Sequence

import httpx

from llm_cache_proxy.adapters.embedder.replies import (
    Fields,
    check_id,
    parse_reply,
    read_batch,
    read_item,
)
from llm_cache_proxy.adapters.embedder.text import encodable
from llm_cache_proxy.adapters.http.tls import tls_context
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.ports.embedder import Embedding

_NAMED_BY_ADDRESS = "http:"
_TEXTS_PER_CALL = 16  # so that a call with long texts stays within a prompt's timeout
_MOST_BYTES = 8_000_000
_NOT_UNDERSTOOD = frozenset({400, 404, 405, 415, 422})


class _Refused(EmbedderUnavailable):
    """The service answered that it cannot make sense of the request."""


class HttpEmbedder:
    """`timeout_seconds` bounds each call, from connecting to the last byte.

    An `embedder_id` that begins with "http:" names whatever answers at the address; any other is
    the model's own, and an answer that names another model is refused.
    """

    def __init__(self, url: str, *, embedder_id: str, timeout_seconds: float) -> None:
        self._url = url
        self._embedder_id = embedder_id
        self._timeout_seconds = timeout_seconds
        self._client: httpx.AsyncClient | None = None
        self._knows_batches = True

    @property
    def embedder_id(self) -> str:
        """The configured name; vectors of different ids are never compared."""
        return self._embedder_id

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order; accepts any text. Raises EmbedderUnavailable."""
        found: list[Embedding] = []
        for start in range(0, len(texts), _TEXTS_PER_CALL):
            found += await self._some(texts[start : start + _TEXTS_PER_CALL])
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _some(self, texts: Sequence[str]) -> list[Embedding]:
        if len(texts) > 1 and self._knows_batches:
            try:
                reply = await self._post({"texts": [encodable(text) for text in texts]})
            except _Refused:
                self._knows_batches = False
            else:
                if "embeddings" in reply:
                    return read_batch(reply, texts)
                self._knows_batches = False
        return [read_item(await self._post({"text": encodable(text)}), text) for text in texts]

    async def _post(self, fields: Fields) -> Fields:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                reply = parse_reply(await self._sent(compact_text(fields).encode("utf-8")))
        except TimeoutError as exc:
            raise EmbedderUnavailable(
                f"The embedder did not answer within {self._timeout_seconds:g} s."
            ) from exc
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as exc:
            raise EmbedderUnavailable(f"The embedder cannot be reached: {exc}") from exc
        if not self._embedder_id.startswith(_NAMED_BY_ADDRESS):
            check_id(reply, self._embedder_id)
        return reply

    async def _sent(self, body: bytes) -> bytes:
        if self._client is None:
            self._client = httpx.AsyncClient(
                headers={"content-type": "application/json", "accept": "application/json"},
                timeout=self._timeout_seconds,
                follow_redirects=False,
                verify=tls_context(),
            )
        async with self._client.stream("POST", self._url, content=body) as response:
            if response.status_code in _NOT_UNDERSTOOD:
                raise _Refused(f"The embedder answered with status {response.status_code}.")
            if response.status_code != httpx.codes.OK:
                raise EmbedderUnavailable(
                    f"The embedder answered with status {response.status_code}."
                )
            found = bytearray()
            async for piece in response.aiter_bytes():
                found += piece
                if len(found) > _MOST_BYTES:
                    raise EmbedderUnavailable("The embedder's answer does not end.")
        return bytes(found)
