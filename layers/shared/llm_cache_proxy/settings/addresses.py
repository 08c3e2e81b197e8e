"""Addresses of the services that the settings name: what a URL must be, said before it is used.

Never shows a URL's password: messages say what was expected, and no more of what was given.
"""

import ipaddress
import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

_ENDPOINTS = ("/chat/completions", "/completions", "/responses", "/embeddings", "/models")
_ORIGIN = re.compile(
    r"(?!https://.*:443$|http://.*:80$)"  # a port that goes without saying is not sent
    r"[a-z][a-z0-9+.-]*://[^/\sA-Z*?#@\x7f-\U0010ffff]+"
)
_HOST_NAME = re.compile(r"(?:\*\.)?[A-Za-z0-9._-]+")
_REDIS_DATABASE = re.compile(r"(?:/(\d{1,5})?)?")
_REDIS_OPTIONS = frozenset(
    {
        *("client_name", "db", "health_check_interval", "max_connections", "password", "protocol"),
        *("retry_on_timeout", "socket_connect_timeout", "socket_keepalive", "socket_timeout"),
        *("ssl_ca_certs", "ssl_ca_data", "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile"),
        *("ssl_check_hostname", "ssl_ciphers", "ssl_keyfile", "ssl_min_version", "ssl_password"),
        *("username",),
    }
)
"""What redis-py takes in a URL's query; it fails at the first call for any other."""
_SECONDS = re.compile(r"(?=\.?\d)\d{0,9}\.?\d{0,9}")
_REDIS_VALUES = {
    "db": re.compile(r"\d{1,5}"),
    "health_check_interval": re.compile(r"\d{1,9}"),
    "max_connections": re.compile(r"[1-9]\d{0,8}"),
    "protocol": re.compile(r"[23]"),
    "socket_connect_timeout": _SECONDS,
    "socket_timeout": _SECONDS,
    "ssl_cert_reqs": re.compile("none|optional|required"),
    "ssl_min_version": re.compile(r"77[0-2]"),
}
"""What these options may be, so that it does not fail at the first call either."""


def http_url(value: str) -> str:
    """`value` without a slash at its end. Raises ValueError where it is no HTTP address."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("expected a URL that starts with http:// or https://")
    _checked(value)
    if "\\" in value:
        raise ValueError("expected a URL without backslashes")
    return value.rstrip("/")


def root_url(value: str) -> str:
    """As `http_url`, for a service whose paths are put behind the URL."""
    url = http_url(value)
    if "?" in url:
        raise ValueError("expected a URL without a query, for paths are put behind it")
    return url


def base_url(value: str) -> str:
    """As `root_url`, for an OpenAI-compatible API."""
    url = root_url(value)
    for endpoint in _ENDPOINTS:
        if url.endswith(endpoint):
            raise ValueError(
                f"expected the base URL, which ends in /v1 as a rule: leave {endpoint} out"
            )
    return url


def origins(value: str) -> str:
    """`value` as it is. Raises ValueError where one of its origins is none that a browser sends."""
    for origin in _listed(value):
        if origin not in {"*", "null"} and not _ORIGIN.fullmatch(origin):
            raise ValueError(
                "expected origins as browsers send them, in small letters, each by its whole name "
                "and without a path or a usual port, such as https://app.example.com; got "
                f"'{_shown(origin)}'"
            )
    return value


def host_names(value: str) -> str:
    """`value` as it is. Raises ValueError where one of its names can be no host's."""
    for name in _listed(value):
        if name != "*" and not _HOST_NAME.fullmatch(name) and not _is_address(name):
            raise ValueError(
                "expected names of hosts without a scheme, port or path, such as "
                f"llm-cache.internal or *.example.com; got '{_shown(name)}'"
            )
    return value


def _shown(given: str) -> str:
    """The beginning of what was given, without a name and password."""
    return given.rpartition("@")[2][:80]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _listed(value: str) -> list[str]:
    return [each for each in map(str.strip, value.split(",")) if each]


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
    options = parse_qsl(parts.query)
    unknown = sorted({name for name, _ in options} - _REDIS_OPTIONS)
    if unknown:
        raise ValueError(f"the option '{unknown[0][:40]}' is none of redis-py's")
    for name, given in options:
        allowed = _REDIS_VALUES.get(name)
        if allowed is not None and not allowed.fullmatch(given):
            raise ValueError(f"the option '{name}' has a value that redis-py does not take")
        if name.startswith("ssl_") and not value.startswith("rediss://"):
            raise ValueError(f"the option '{name}' is for rediss:// alone")
    return value


def _checked(value: str) -> SplitResult:
    """The parts of a URL with one host, and a port that there can be if there is one."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise ValueError("expected one host, and a port from 1 to 65535 behind a colon") from exc
    if not (host or "").strip(".") or port == 0 or re.search(r"[\s,]", parts.netloc):
        raise ValueError("expected one host, and a port from 1 to 65535 behind a colon")
    if re.search(r"[\s#\x00-\x1f\x7f]", value):
        raise ValueError("expected a URL without spaces and a fragment")
    return parts
