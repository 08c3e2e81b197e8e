"""HTTP calls to one upstream: connections kept alive, one attempt a call, every wait bounded.

Never follows a redirect, never keeps a cookie, and never retries.
"""

import asyncio
import math
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from llm_cache_proxy.adapters.tls import tls_context
from llm_cache_proxy.adapters.upstream_reply import ReplyBody, translated
from llm_cache_proxy.domain.errors import UpstreamError, UpstreamTimedOut
from llm_cache_proxy.domain.upstream_config import Timeouts

_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=30.0)
_DECODED = frozenset({"", "identity", "gzip", "deflate"})


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
        self._client = httpx.AsyncClient(
            http1=True,
            http2=http2,
            # The first byte's limit is not the next one's, which httpx cannot tell apart: reading
            # is bounded here and in ReplyBody.
            timeout=httpx.Timeout(
                connect=timeouts.connect_seconds,
                pool=timeouts.pool_seconds,
                write=timeouts.write_seconds,
                read=None,
            ),
            limits=_LIMITS,
            follow_redirects=False,
            trust_env=environment,
            verify=tls_context(environment=environment),
            # A cookie set for one tenant's call must not return with another's.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def call(self, outgoing: Outgoing) -> tuple[httpx.Response, ReplyBody]:
        """The status, the headers and the first byte of an answer.

        Raises UpstreamUnreachable or UpstreamTimedOut, and UpstreamError for an answer that is
        of no use to a client: a redirect, or an encoding nobody asked for.
        """
        response = await self._begun(outgoing)
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
        await self._client.aclose()

    async def _begun(self, outgoing: Outgoing) -> httpx.Response:
        try:
            request = self._client.build_request(
                outgoing.method, outgoing.url, headers=outgoing.headers, content=outgoing.body
            )
            async with asyncio.timeout_at(outgoing.first_byte_before):
                return await self._client.send(request, stream=True)
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
        encodings = response.headers.get("content-encoding", "").lower().split(",")
        if not _DECODED.issuperset(encoding.strip() for encoding in encodings):
            return UpstreamError(
                f"The upstream '{self._name}' encodes its answer in a way nobody asked for.",
                upstream=self._name,
            )
        return None
