"""Calls to an embedding service over HTTP: JSON both ways, within bounds.

Never follows a redirect, and never reads an answer without end. Its messages say what went wrong,
never what was sent: neither a text nor a key.
"""

from collections.abc import Mapping

import httpx

from llm_cache_proxy.adapters.http.tls import tls_context
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.domain.json_text import compact_text

_NOT_UNDERSTOOD = frozenset({400, 404, 405, 413, 415, 422})


class Refused(EmbedderUnavailable):
    """The service answered that it cannot make sense of the request."""


class Answered(EmbedderUnavailable):
    """The service answered with another `status` than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The embedder answered with status {status}.")
        self.status = status


class Unreachable(EmbedderUnavailable):
    """No answer came."""


class ServiceCalls:
    """Connections that are kept; `timeout_seconds` bounds each step, the caller the whole."""

    def __init__(
        self, *, timeout_seconds: float, most_bytes: int, headers: Mapping[str, str] | None = None
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._most_bytes = most_bytes
        self._headers = {"content-type": "application/json", "accept": "application/json"}
        self._headers.update(headers or {})
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, fields: Mapping[str, object]) -> bytes:
        """The body of an answer with status 200. Raises EmbedderUnavailable."""
        try:
            return await self._sent(url, compact_text(dict(fields)).encode("utf-8"))
        except httpx.LocalProtocolError as exc:  # which quotes a header that it refuses
            raise EmbedderUnavailable("The embedder's key cannot be sent as a header.") from exc
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as exc:
            raise Unreachable(f"The embedder cannot be reached: {exc}") from exc

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _sent(self, url: str, body: bytes) -> bytes:
        if self._client is None:
            self._client = httpx.AsyncClient(
                headers=self._headers,
                timeout=self._timeout_seconds,
                follow_redirects=False,
                verify=tls_context(),
            )
        async with self._client.stream("POST", url, content=body) as response:
            if response.status_code in _NOT_UNDERSTOOD:
                raise Refused(f"The embedder answered with status {response.status_code}.")
            if response.status_code != httpx.codes.OK:
                raise Answered(response.status_code)
            found = bytearray()
            async for piece in response.aiter_bytes():
                found += piece
                if len(found) > self._most_bytes:
                    raise EmbedderUnavailable("The embedder's answer does not end.")
        return bytes(found)
