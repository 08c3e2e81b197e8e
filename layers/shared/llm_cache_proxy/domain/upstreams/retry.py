"""Whether and when an upstream is called again: arithmetic, without clocks or randomness.

Never waits shorter than the upstream demands; the caller gives time and a random fraction.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from llm_cache_proxy.domain.record import record

REPEATABLE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods whose repetition changes nothing more (RFC 9110, section 9.2.2)."""

REPEATABLE_POSTS = (
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/responses",
    "/messages",
    "/messages/count_tokens",
    "/moderations",
    "/images/generations",
    "/audio/speech",
)
"""Posts that only compute; another one, such as an upload, could be carried out twice."""

_CONFLICTS = frozenset({408, 409})
_TOO_MANY_REQUESTS = 429
_OTHER_ROUTE_MAY_DO = frozenset({401, 402, 403, 404})


@record()
class RetryPolicy:
    """How often one route is called in all, and the bounds of a wait that is ours to choose."""

    attempts: int = 3
    first_backoff_seconds: float = 0.5
    max_backoff_seconds: float = 8.0


def repeatable(method: str, path: str) -> bool:
    """Whether a request may be repeated when it may have been carried out already."""
    return method in REPEATABLE_METHODS or path.rstrip("/") in REPEATABLE_POSTS


def worth_repeating(status: int, headers: Mapping[str, str], *, safe: bool) -> bool:
    """Whether the same upstream may do better next time; `x-should-retry` has the last word.

    A 429 was not carried out, so it is repeated even where that is not otherwise `safe`.
    """
    said = headers.get("x-should-retry", "").lower()
    if said in {"true", "false"}:
        return said == "true" and (safe or status == _TOO_MANY_REQUESTS)
    if status == _TOO_MANY_REQUESTS:
        return True
    return safe and (status in _CONFLICTS or status >= 500)  # noqa: PLR2004 (a status class)


def worth_another_route(status: int) -> bool:
    """Whether another upstream may do better: this one failed, or does not know key or model."""
    transient = status in _CONFLICTS or status == _TOO_MANY_REQUESTS
    return transient or status in _OTHER_ROUTE_MAY_DO or status >= 500  # noqa: PLR2004


def backoff_seconds(policy: RetryPolicy, attempt: int, fraction: float) -> float:
    """The wait after the `attempt`-th failure (from 1), `fraction` in [0, 1): full jitter.

    Source: "Exponential Backoff and Jitter", AWS Architecture Blog.
    """
    doubled: float = policy.first_backoff_seconds * 2.0 ** min(attempt - 1, 64)
    return fraction * min(policy.max_backoff_seconds, doubled)


def requested_wait_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """What `retry-after-ms` or `retry-after` (seconds or a date) demands; None when unreadable.

    `now` is in Unix seconds.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    stated = headers.get("retry-after")
    seconds = _number(stated)
    if seconds is not None or stated is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(stated).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else None
    except ValueError:
        return None
    # Neither NaN nor infinity says when.
    return value if value is not None and 0 <= value < float("inf") else None
