"""A client's cache controls, read from the request's headers.

A value that cannot be read is a 400: a client that sets something must not silently get something
else.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.record import record

_READ = frozenset(
    {
        "cache-control",
        "x-bypass-cache",
        "x-cache-fresh-id",
        "x-cache-mode",
        "x-cache-namespace",
        "x-cache-normalize",
        "x-cache-tags",
        "x-cache-threshold",
        "x-cache-ttl",
    }
)
"""Every header that is a control.

A new one must be added here: without any of them nothing below is read.
"""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAMED = "1 to 64 letters, digits, dots, dashes or underscores"
_SECONDS = "a whole number of seconds, 0 or more"
_MOST_TAGS = 10
Default = TypeVar("Default", bool, None)
DEFAULT_NAMESPACE = "default"


class Mode(StrEnum):
    """`x-cache-mode`: which of reading, writing and the semantic tier are used."""

    EXACT = "exact"
    SEMANTIC = "semantic"
    READ_ONLY = "read-only"
    WRITE_ONLY = "write-only"
    REFRESH = "refresh"
    OFF = "off"


@record()
class Controls:
    """What one request asks of the cache.

    `ttl_seconds`, `threshold`, `max_age_seconds` and `fresh_id` are None if unsaid, and so are
    `stale_if_error_seconds` and `max_stale_seconds`: how long past expiry an answer may be
    given where the upstream has none, and at all.
    `names_namespace` says that the client chose the namespace itself.
    """

    mode: Mode = Mode.SEMANTIC
    ttl_seconds: int | None = None
    threshold: float | None = None
    max_age_seconds: int | None = None
    stale_if_error_seconds: int | None = None
    max_stale_seconds: int | None = None
    only_if_cached: bool = False
    may_read: bool = True
    may_write: bool = True
    namespace: str = DEFAULT_NAMESPACE
    names_namespace: bool = False
    tags: tuple[str, ...] = ()
    normalise: bool = True
    fresh_id: bool | None = None


_UNSAID = Controls()


def parse_controls(headers: Mapping[str, str]) -> Controls:
    """The controls in `headers` (names in lower case).

    Precedence: `x-bypass-cache`, then `x-cache-mode`, then `Cache-Control`. Raises InvalidRequest
    with the header's name as `param`.
    """
    if _READ.isdisjoint(headers):
        return _UNSAID
    cache_control = _directives(headers.get("cache-control", ""))
    explicit_mode = "x-cache-mode" in headers
    mode = _mode(headers)
    reads = mode not in {Mode.OFF, Mode.WRITE_ONLY, Mode.REFRESH}
    writes = mode not in {Mode.OFF, Mode.READ_ONLY}
    if not explicit_mode:
        reads = reads and "no-cache" not in cache_control
        writes = writes and "no-store" not in cache_control
    return Controls(
        mode=mode,
        ttl_seconds=_whole(headers, "x-cache-ttl"),
        threshold=_threshold(headers),
        max_age_seconds=_directive_seconds(cache_control, "max-age"),
        stale_if_error_seconds=_directive_seconds(cache_control, "stale-if-error"),
        max_stale_seconds=_directive_seconds(cache_control, "max-stale", unsaid=""),
        only_if_cached="only-if-cached" in cache_control,
        may_read=reads,
        may_write=writes,
        namespace=_name(headers, "x-cache-namespace", DEFAULT_NAMESPACE),
        names_namespace="x-cache-namespace" in headers,
        tags=_tags(headers),
        normalise=_switch(headers, "x-cache-normalize", default=True),
        fresh_id=_switch(headers, "x-cache-fresh-id", default=None),
    )


def is_name(text: str) -> bool:
    """Whether the text may name a namespace or a tag."""
    return _NAME.fullmatch(text) is not None


def _mode(headers: Mapping[str, str]) -> Mode:
    if _switch(headers, "x-bypass-cache", default=False):
        return Mode.OFF
    value = headers.get("x-cache-mode")
    if value is None:
        return Mode.SEMANTIC
    try:
        return Mode(value.strip().lower())
    except ValueError as exc:
        known = ", ".join(Mode)
        raise _refused("x-cache-mode", f"one of {known}") from exc


def _switch(headers: Mapping[str, str], name: str, *, default: Default) -> bool | Default:
    value = headers.get(name)
    if value is None:
        return default
    match value.strip().lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise _refused(name, "true or false")


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name)
    return None if value is None else _seconds(name, value, _SECONDS)


def _seconds(header: str, value: str, expected: str) -> int:
    value = value.strip()
    if not re.fullmatch(r"[0-9]{1,12}", value):
        raise _refused(header, expected)
    return int(value)


def _threshold(headers: Mapping[str, str]) -> float | None:
    value = headers.get("x-cache-threshold")
    if value is None:
        return None
    if not re.fullmatch(r"[01]|[01]?\.[0-9]{1,12}", value.strip()) or float(value) > 1:
        raise _refused("x-cache-threshold", "a similarity from 0 to 1, such as 0.95")
    return float(value)


def _name(headers: Mapping[str, str], header: str, default: str) -> str:
    value = headers.get(header)
    if value is None:
        return default
    if not _NAME.fullmatch(value.strip()):
        raise _refused(header, _NAMED)
    return value.strip()


def _tags(headers: Mapping[str, str]) -> tuple[str, ...]:
    value = headers.get("x-cache-tags")
    if value is None or not value.strip():
        return ()
    tags = tuple(dict.fromkeys(tag.strip() for tag in value.split(",")))
    if len(tags) > _MOST_TAGS or not all(_NAME.fullmatch(tag) for tag in tags):
        raise _refused("x-cache-tags", f"up to {_MOST_TAGS} names between commas, each {_NAMED}")
    return tags


def _directives(value: str) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in value.lower().split(","))
    return {name.strip(): argument.strip().strip('"') for name, _, argument in parts if name}


def _directive_seconds(
    directives: Mapping[str, str], name: str, *, unsaid: str | None = None
) -> int | None:
    """The seconds of a directive; None where it is not there, or says `unsaid`."""
    value = directives.get(name, unsaid)
    if value == unsaid:
        return None
    return _seconds("cache-control", str(value), f"{name}=N, where N is {_SECONDS}")


def _refused(header: str, expected: str) -> InvalidRequest:
    return InvalidRequest(
        f"The header {header} must be {expected}.", param=header, code="invalid_header"
    )
