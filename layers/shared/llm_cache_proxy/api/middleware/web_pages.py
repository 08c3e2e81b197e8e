"""Which web pages may use this server from a browser: its own, and those that CORS allows.

A browser on the developer's machine reaches a server on loopback for whatever page is open in it.
Two headers that no page can forge tell such requests apart: `Origin` (with `Sec-Fetch-Site`) names
the page, and `Host` the name under which the server was reached, which DNS rebinding makes the
attacker's. Clients that are no browsers send neither of the first two.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from llm_cache_proxy.api.http.errors import refusal_outcome, refused
from llm_cache_proxy.api.http.raw_requests import new_request_id
from llm_cache_proxy.api.middleware.cors import allowed_origins
from llm_cache_proxy.api.middleware.request_events import has_event
from llm_cache_proxy.domain.errors import Misdirected, OriginNotAllowed, RequestRefused
from llm_cache_proxy.domain.host_names import is_loopback, plain_host
from llm_cache_proxy.pipeline.recording.request_events import RequestEventDraft, RequestEvents

ANY = "*"

_NAME_AND_PORT = r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?"
_HOST = re.compile(_NAME_AND_PORT, re.IGNORECASE)
_ORIGIN = re.compile(f"(https?)://{_NAME_AND_PORT}", re.IGNORECASE)
_OWN_SITES = frozenset({b"same-origin", b"none"})
_CROSS_SITE = b"cross-site"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HostRule:
    """Host names of this server: loopback, the address that a connection came to, and `allowed`.

    A name in `allowed` that starts with `*.` covers its subdomains; `*` alone covers every name.
    """

    allowed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, allowed: str | None, bound_host: str) -> "HostRule":
        """The rule for ALLOWED_HOSTS, separated by commas, and the address bound to."""
        names = [*(allowed or "").split(","), bound_host]
        return cls(frozenset(filter(None, map(plain_host, names))))

    def covers(self, header: str, local_address: str | None) -> bool:
        """Whether a `Host` header names this server."""
        match = _HOST.fullmatch(header)
        if match is None:
            return ANY in self.allowed
        name = plain_host(match[1])
        return (
            name == local_address
            or is_loopback(name)
            or any(_is_covered(name, pattern) for pattern in self.allowed)
        )


class WebPageProtection:
    """ASGI middleware around everything else; `host_rule` None takes every host.

    `cors_allow_origins` are the origins that CORS allows, separated by commas; `*` among them
    opens nothing below `named_alone`. Refuses with 421 and 403 in OpenAI's shape, on every path
    and method; `request_events` learns of it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        cors_allow_origins: str | None,
        host_rule: HostRule | None = None,
        named_alone: Sequence[str] = (),
        request_events: RequestEvents | None = None,
    ) -> None:
        self._request_events = request_events
        self._app = app
        self._origins = allowed_origins(cors_allow_origins)
        self._host_rule = host_rule
        # Clients ask under a name or two; a header is as long as a head may be.
        self._covers = None if host_rule is None else lru_cache(maxsize=32)(host_rule.covers)
        self._named_alone = tuple(named_alone)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            refusal = self._refusal(scope)
            if refusal is not None:
                request_id = new_request_id()
                self._report(scope, refusal, request_id)
                await refused(refusal, request_id, scope["path"])(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def report_refused_connection(self, status: int, cause: str) -> None:
        """Report to `request_events` a connection that was refused before it held a request."""
        if self._request_events is not None:
            refusal = RequestRefused("", code=cause)
            refusal.status = status
            record = RequestEventDraft(new_request_id(), outcome=refusal_outcome(refusal))
            self._request_events.write(record, status=status, latency_ms=0, duration_ms=0)

    def _report(self, scope: Scope, refusal: RequestRefused, request_id: str) -> None:
        if self._request_events is not None and has_event(scope):
            record = RequestEventDraft(
                request_id,
                method=scope.get("method"),
                path=scope["path"],
                outcome=refusal_outcome(refusal),
            )
            status = refusal.status
            self._request_events.write(record, status=status, latency_ms=0, duration_ms=0)

    def _refusal(self, scope: Scope) -> RequestRefused | None:
        hosts, origins, sites = _named_sites(scope["headers"])
        if self._covers is not None:
            local = scope.get("server") or (None,)
            if not hosts or not all(self._covers(host, local[0]) for host in hosts):
                return Misdirected(
                    f"The host '{', '.join(hosts)[:100]}' is not this server's. The operator can "
                    "list it in ALLOWED_HOSTS."
                )
        if not (origins or sites):  # as clients that are no browsers send it
            return None
        if ANY in self._origins and not scope["path"].startswith(self._named_alone):
            return None
        return self._origin_refusal(origins, sites, hosts)

    def _origin_refusal(
        self, origins: list[str], sites: set[bytes], hosts: list[str]
    ) -> RequestRefused | None:
        # Where every host is taken, it may be an inner one, which the browser does not know.
        if self._host_rule is None and sites and sites <= _OWN_SITES:
            return None
        crosses = _CROSS_SITE in sites
        foreign = [
            origin
            for origin in origins
            if origin not in self._origins
            and (crosses or not any(_is_origin_of(origin, host) for host in hosts))
        ]
        if not foreign and (origins or not crosses):
            return None
        page = f"'{foreign[0][:100]}'" if foreign else "another site"
        return OriginNotAllowed(
            f"Pages of {page} may not use this server from a browser. The operator can list "
            "their origin in CORS_ALLOW_ORIGINS."
        )


def _named_sites(headers: list[tuple[bytes, bytes]]) -> tuple[list[str], list[str], set[bytes]]:
    """The values of `Host`, `Origin` and `Sec-Fetch-Site`."""
    hosts: list[str] = []
    origins: list[str] = []
    sites: set[bytes] = set()
    for name, value in headers:
        if name == b"host":
            hosts.append(value.decode("latin-1"))
        elif name == b"origin":
            origins.append(value.decode("latin-1"))
        elif name == b"sec-fetch-site":
            sites.add(value.strip().lower())
    return hosts, origins, sites


def _is_origin_of(origin: str, host: str) -> bool:
    """Whether the origin's host and port are those of a `Host` header, whatever the scheme.

    Behind a proxy that ends TLS, this server does not know the scheme that the browser used.
    """
    page, own = _ORIGIN.fullmatch(origin), _HOST.fullmatch(host)
    if page is None or own is None:
        return False
    usual = _DEFAULT_PORTS[page[1].lower()]
    return plain_host(page[2]) == plain_host(own[1]) and int(page[3] or usual) == int(
        own[2] or usual
    )


def _is_covered(name: str, pattern: str) -> bool:
    return pattern in (ANY, name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
