"""The certificates that outgoing calls trust: loaded once a process, at 20 ms each time."""

import ssl
from functools import cache

import httpx


@cache
def tls_context(*, environment: bool = True) -> ssl.SSLContext:
    """The default of httpx, for HTTP/1.1.

    `environment` says whether SSL_CERT_FILE and its like are obeyed.
    """
    context = httpx.create_ssl_context(trust_env=environment)
    context.set_alpn_protocols(["http/1.1"])
    return context


def http2_tls_context(*, environment: bool = True) -> ssl.SSLContext:
    """As `tls_context`, for HTTP/2; shared with none, since httpx writes that into it."""
    return httpx.create_ssl_context(trust_env=environment)
