"""Addresses of the services that the settings name: what a URL must be, said before it is used.

Never shows a URL's password: messages say what was expected, not what was given.
"""

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

_ENDPOINTS = ("/chat/completions", "/completions", "/responses", "/embeddings", "/models")
_REDIS_DATABASE = re.compile(r"(?:/(\d{1,5})?)?")
_REDIS_OPTIONS = frozenset(
    {
        *("client_name", "db", "health_check_interval", "max_connections", "password", "protocol"),
        *("retry_on_timeout", "socket_connect_timeout", "socket_keepalive", "socket_timeout"),
        *("ssl_ca_certs", "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname"),
        *("ssl_keyfile", "username"),
    }
)
"""What redis-py takes in a URL's query; it fails at the first call for any other."""


def http_url(value: str) -> str:
    """`value` without a slash at its end. Raises ValueError where it is no HTTP address."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("expected a URL that starts with http:// or https://")
    _checked(value)
    return value.rstrip("/")


def base_url(value: str) -> str:
    """As `http_url`, for an OpenAI-compatible API, whose endpoints are below the URL."""
    url = http_url(value)
    for endpoint in _ENDPOINTS:
        if url.endswith(endpoint):
            raise ValueError(
                f"expected the base URL, which ends in /v1 as a rule: leave {endpoint} out"
            )
    return url


def has_no_path(url: str) -> bool:
    """Whether a base URL names a host alone, where most APIs are below /v1."""
    return urlsplit(url).path in {"", "/"}


def is_first_database(url: str) -> bool:
    """Whether a Redis's URL names database 0, or none."""
    return urlsplit(url).path in {"", "/", "/0"}


def redis_url(value: str) -> str:
    """`value` as it is. Raises ValueError where redis-py could not connect by it."""
    if not value.startswith(("redis://", "rediss://")):
        raise ValueError("expected a URL that starts with redis:// or rediss://")
    parts = _checked(value)
    if not _REDIS_DATABASE.fullmatch(parts.path):
        raise ValueError("expected the number of a database behind the port: redis://host:6379/0")
    unknown = sorted({name for name, _ in parse_qsl(parts.query)} - _REDIS_OPTIONS)
    if unknown:
        raise ValueError(f"the option '{unknown[0][:40]}' is none of redis-py's")
    return value


def _checked(value: str) -> SplitResult:
    """The parts of a URL with one host, and a port that there can be if there is one."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise ValueError("expected one host, and a port from 1 to 65535 behind a colon") from exc
    if not host or port == 0 or re.search(r"[\s,]", parts.netloc):
        raise ValueError("expected one host, and a port from 1 to 65535 behind a colon")
    return parts
