"""The certificates that outgoing calls believe: loaded once a process, 20 ms of work each time."""

import ssl
from functools import cache

import httpx


@cache
def tls_context(*, environment: bool = True) -> ssl.SSLContext:
    """The default of httpx; `environment` says whether SSL_CERT_FILE and its like are obeyed."""
    return httpx.create_ssl_context(trust_env=environment)
