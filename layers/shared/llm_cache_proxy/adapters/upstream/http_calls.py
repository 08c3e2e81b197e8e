"""HTTP calls to one upstream: connections kept alive, one attempt a call, every wait bounded.

Never follows a redirect, never keeps a cookie, and never retries. Never ends quietly where the
answer was cut, and never keeps a connection after it failed, ended or was closed. Its messages go
to clients: they name the upstream, not its address.
"""

import asyncio
import math
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, cast
from urllib.request import getproxies

import httpx

from llm_cache_proxy.adapters.http.decoding import CODINGS, BoundedDecoder, TooCompressed
from llm_cache_proxy.adapters.http.tls import http2_tls_context, tls_context
from llm_cache_proxy.adapters.http.transport import StreamsTransport
from llm_cache_proxy.adapters.upstream.encodings import prepare_decoding
from llm_cache_proxy.domain.closable_body import ClosableBody
from llm_cache_proxy.domain.errors import (
    UpstreamError,
    UpstreamTimedOut,
    UpstreamUnreachable,
)
from llm_cache_proxy.domain.upstreams.config import Timeouts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class ReplyBody(ClosableBody):
    """The decoded bytes of one answer; raises UpstreamUnreachable or UpstreamTimedOut if cut.

    `ends_at` is the loop's time at which the whole answer must be here.
    """

    def __init__(
        self,
        response: httpx.Response,
        *,
        upstream: str,
        idle_seconds: float,
        ends_at: float = math.inf,
    ) -> None:
        self._response = response
        self._upstream = upstream
        self._idle_seconds = idle_seconds
        self._ends_at = ends_at
        self._chunks = _decoded(response)
        self._first = b""
        self._closed = False

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next bytes."""
        if self._first:
            first, self._first = self._first, b""
            return first
        idle_until = asyncio.get_running_loop().time() + self._idle_seconds
        return await self._next(min(idle_until, self._ends_at))

    async def wait_for_first(self, before: float) -> None:
        """Wait until a byte is here, or the end; it stays the first that is read."""
        try:
            self._first = await self._next(before)
        except StopAsyncIteration:
            return

    async def aclose(self) -> None:
        """Give up what has not been read: the call is cancelled. Safe to repeat."""
        if not self._closed:
            self._closed = True
            self._first = b""
            await self._response.aclose()
            await self._chunks.aclose()

    async def _next(self, before: float) -> bytes:
        if self._closed:
            raise StopAsyncIteration
        try:
            async with asyncio.timeout_at(before):
                chunk = b""
                while not chunk:
                    chunk = await anext(self._chunks)
                return chunk
        except TimeoutError as exc:
            await self.aclose()
            raise UpstreamTimedOut(
                f"The upstream '{self._upstream}' stopped answering.", upstream=self._upstream
            ) from exc
        except (httpx.HTTPError, httpx.StreamError) as exc:
            await self.aclose()
            raise translated(exc, self._upstream) from exc
        except BaseException:
            # The end, or a cancelled reader: nothing reads on.
            await self.aclose()
            raise


async def _decoded(response: httpx.Response) -> "AsyncGenerator[bytes, None]":
    """The body without its codings."""
    # httpx says iterator; it is a generator, which can be closed.
    raw = cast("AsyncGenerator[bytes, None]", response.aiter_raw())
    decoder = BoundedDecoder([coding for coding in _codings(response) if coding in CODINGS])
    framed = not _FRAMING.isdisjoint(response.headers)
    async with aclosing(raw):
        async for piece in raw:
            for part in decoder.feed(piece):
                yield part
    if not framed:  # else all is here, also of one who flushes and never ends the compression
        decoder.end()


_FRAMING = frozenset({"content-length", "transfer-encoding"})
"""Either says where a body ends, and an earlier end is an error."""


def _codings(response: httpx.Response) -> list[str]:
    encoding = response.headers.get("content-encoding", "")
    return [coding.strip() for coding in encoding.lower().split(",")]


def translated(exc: Exception, upstream: str) -> UpstreamError:
    """Our name for httpx's error."""
    if isinstance(exc, httpx.ConnectTimeout | httpx.PoolTimeout):
        return UpstreamUnreachable(
            f"The upstream '{upstream}' could not be connected to in time.", upstream=upstream
        )
    if isinstance(exc, httpx.TimeoutException):
        return UpstreamTimedOut(
            f"The upstream '{upstream}' did not answer in time.", upstream=upstream
        )
    if isinstance(exc, httpx.ConnectError):
        return UpstreamUnreachable(
            f"The upstream '{upstream}' cannot be connected to.", upstream=upstream
        )
    if isinstance(exc, TooCompressed):
        return UpstreamUnreachable(
            f"The upstream '{upstream}' compresses its answer beyond reason.", upstream=upstream
        )
    if isinstance(exc, httpx.NetworkError | httpx.RemoteProtocolError | httpx.DecodingError):
        return UpstreamUnreachable(
            f"The upstream '{upstream}' broke off, or answered in no valid HTTP.",
            upstream=upstream,
        )
    return UpstreamError(f"The upstream '{upstream}' cannot be sent this.", upstream=upstream)


_IDLE_SECONDS = 30.0
_LIMITS = httpx.Limits(
    max_connections=1000, max_keepalive_connections=100, keepalive_expiry=_IDLE_SECONDS
)


_MOST_URLS = 100
_MOST_URL_CHARACTERS = 300


class ParsedUrls:
    """Addresses that are called again and again, parsed once: that takes longer than the rest.

    A query is a client's own and may hold its secrets, and a long path is asked for once: neither
    is kept.
    """

    def __init__(self) -> None:
        self._kept = lru_cache(_MOST_URLS)(httpx.URL)

    def of(self, url: str) -> httpx.URL:
        """The address. Raises InvalidURL."""
        once = "?" in url or len(url) > _MOST_URL_CHARACTERS
        return httpx.URL(url) if once else self._kept(url)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request as it will be sent; both limits are the loop's time."""

    method: str
    url: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    first_byte_before: float
    ends_before: float = math.inf


class HttpCalls:
    """Calls to the upstream that `name` is shown for in errors; used in one event loop."""

    def __init__(self, name: str, timeouts: Timeouts, *, http2: bool, environment: bool) -> None:
        self._name = name
        self._timeouts = timeouts
        self._transport = _transport(http2=http2, environment=environment)
        # The first byte's limit is not the next one's, which httpx does not distinguish: reading is
        # bounded here and in ReplyBody.
        limits = httpx.Timeout(
            connect=timeouts.connect_seconds,
            pool=timeouts.pool_seconds,
            write=timeouts.write_seconds,
            read=None,
        )
        self._extensions = {"timeout": limits.as_dict()}
        self._urls = ParsedUrls()

    async def call(self, outgoing: Outgoing) -> tuple[httpx.Response, ReplyBody]:
        """The status, the headers and the first byte of an answer.

        Raises UpstreamUnreachable or UpstreamTimedOut, and UpstreamError for a redirect, which
        is of no use to a client. The response's `extensions` name the codings of a body that
        passes undecoded.
        """
        response = await self._begun(outgoing)
        response.extensions["undecoded"] = prepare_decoding(response)
        body = ReplyBody(
            response,
            upstream=self._name,
            idle_seconds=self._timeouts.idle_seconds,
            ends_at=outgoing.ends_before,
        )
        refused = self._refusal(response)
        if refused is not None:
            await body.aclose()
            raise refused
        await body.wait_for_first(outgoing.first_byte_before)
        return response, body

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _begun(self, outgoing: Outgoing) -> httpx.Response:
        try:
            request = httpx.Request(
                outgoing.method,
                self._urls.of(outgoing.url),
                headers=outgoing.headers,
                content=outgoing.body,
                extensions=self._extensions,
            )
            async with asyncio.timeout_at(outgoing.first_byte_before):
                return await self._transport.handle_async_request(request)
        except TimeoutError as exc:
            raise UpstreamTimedOut(
                f"The upstream '{self._name}' did not answer in time.", upstream=self._name
            ) from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise translated(exc, self._name) from exc

    def _refusal(self, response: httpx.Response) -> UpstreamError | None:
        if response.is_redirect or response.has_redirect_location:
            return UpstreamError(
                f"The upstream '{self._name}' redirects ({response.status_code}): "
                "its base URL is not the address that answers.",
                upstream=self._name,
            )
        return None


class _ClientsTransport(httpx.AsyncBaseTransport):
    """What a client of httpx knows and a transport does not: the proxies of the environment."""

    def __init__(self, *, http2: bool, environment: bool) -> None:
        make_tls = http2_tls_context if http2 else tls_context
        self._client = httpx.AsyncClient(
            http2=http2,
            limits=_LIMITS,
            trust_env=environment,
            verify=make_tls(environment=environment),
            # A cookie set for one tenant's call must not return with another's.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, its body still to come."""
        return await self._client.send(request, stream=True, follow_redirects=False)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()


def _transport(*, http2: bool, environment: bool) -> httpx.AsyncBaseTransport:
    proxied = environment and not getproxies().keys().isdisjoint({"http", "https", "all"})
    if http2 or proxied:
        return _ClientsTransport(http2=http2, environment=environment)
    return StreamsTransport(tls_context(environment=environment), idle_seconds=_IDLE_SECONDS)
