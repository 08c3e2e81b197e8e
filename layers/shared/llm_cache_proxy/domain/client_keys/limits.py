"""What a client's key may do, and how much of it is left, judged by its record and its usage.

Requests that are answered from the cache count as requests and use no budget. The Redis script
`keys.lua` decides the same, in the same order.
"""

from dataclasses import replace
from enum import StrEnum

from llm_cache_proxy.domain.client_keys.usage import (
    MINUTE_SECONDS,
    Charge,
    KeyUsage,
    charged,
    day_seconds_left,
    month_seconds_left,
)
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.controls import DEFAULT_NAMESPACE

MOST_NANO_DOLLARS = 9_000_000_000_000_000
"""Nine million dollars: what Redis's numbers, doubles, hold exactly."""


class Refusal(StrEnum):
    """Why a key is not served; the last three concern the upstream alone, not stored answers."""

    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"
    MODEL = "model"
    REQUESTS = "requests"
    TOKENS = "tokens"
    DOLLARS = "dollars"
    UNPRICED = "unpriced"


@record()
class Limits:
    """None: no limit."""

    requests_per_minute: int | None = None
    tokens_per_day: int | None = None
    nano_dollars_per_month: int | None = None


@record()
class KeyRecord:
    """What the operator said of a key; the key itself is not in it. Times are Unix seconds.

    `models` are names as clients write them, none meaning all. `namespace` is used where the
    client names none.
    """

    name: str
    created_at: int
    limits: Limits = Limits()
    models: tuple[str, ...] = ()
    namespace: str = DEFAULT_NAMESPACE
    expires_at: int | None = None
    revoked_at: int | None = None


@record()
class KeyCheck:
    """What a request asks of its key.

    `model` is None where none is needed, and empty where it is unknown. `namespace` is the
    key's own as far as is known, None where the client named one. `tokens` and `nano_dollars`
    are what the upstream is expected to cost, the latter None where the price is unknown.
    `counts_request` is False for a request's later questions; `reserves` where the upstream will
    not be asked.
    """

    key_id: str
    model: str | None
    namespace: str | None
    tokens: int = 0
    nano_dollars: int | None = 0
    counts_request: bool = True
    reserves: bool = True

    def share(self, part: int, whole: int) -> "KeyCheck":
        """The check of a request of which only `part` of `whole` is still to be asked."""
        if part == whole:
            return self
        nano = self.nano_dollars
        return replace(
            self,
            tokens=-(-self.tokens * part // whole),
            nano_dollars=None if nano is None else -(-nano * part // whole),
        )


@record()
class Allowance:
    """A limit, what is left of it, and in how many seconds all of it is there again."""

    limit: int
    left: int
    reset_seconds: int


@record()
class Grant:
    """A key that is served: what is left, what was reserved, and what forbids the upstream.

    `counted` is False where the store could not write: limits are then not enforced.
    """

    requests: Allowance | None = None
    tokens: Allowance | None = None
    nano_dollars: Allowance | None = None
    charge: Charge | None = None
    short: Refusal | None = None
    counted: bool = True


def refusal(record: KeyRecord, usage: KeyUsage, check: KeyCheck, now: int) -> Refusal | None:
    """Why a known key is not served at all; `usage` is that of `now`."""
    if record.revoked_at is not None:
        return Refusal.REVOKED
    if record.expires_at is not None and record.expires_at <= now:
        return Refusal.EXPIRED
    if record.models and check.model is not None and check.model not in record.models:
        return Refusal.MODEL
    most = record.limits.requests_per_minute
    if check.counts_request and most is not None and usage.requests >= most:
        return Refusal.REQUESTS
    return None


def shortage(limits: Limits, usage: KeyUsage, check: KeyCheck) -> Refusal | None:
    """Why the budgets do not allow what the upstream would cost."""
    most_tokens, most_dollars = limits.tokens_per_day, limits.nano_dollars_per_month
    if most_tokens is not None and usage.tokens + check.tokens > most_tokens:
        return Refusal.TOKENS
    if most_dollars is None:
        return None
    if check.nano_dollars is None:
        return Refusal.UNPRICED
    return Refusal.DOLLARS if usage.nano_dollars + check.nano_dollars > most_dollars else None


def after(
    record: KeyRecord, usage: KeyUsage, check: KeyCheck, *, found: bool
) -> tuple[KeyUsage, Charge | None, Refusal | None]:
    """The usage once the request is served, what of it was reserved, and what forbids that.

    `found` says that a stored answer, or the way to one, was found: nothing is reserved then.
    """
    used = replace(usage, requests=usage.requests + check.counts_request)
    if found or not check.reserves:
        return used, None, None
    short = shortage(record.limits, usage, check)
    if short is not None:
        return used, None, short
    charge = Charge(check.key_id, usage.day, usage.month, check.tokens, check.nano_dollars or 0)
    return charged(used, charge), charge, None


def grant(
    record: KeyRecord,
    usage: KeyUsage,
    now: int,
    *,
    charge: Charge | None = None,
    short: Refusal | None = None,
    counted: bool = True,
) -> Grant:
    """What is left after `usage`."""
    limits = record.limits
    minute_end = usage.window_start + MINUTE_SECONDS
    return Grant(
        requests=_allowance(limits.requests_per_minute, usage.requests, minute_end - now),
        tokens=_allowance(limits.tokens_per_day, usage.tokens, day_seconds_left(now)),
        nano_dollars=_allowance(
            limits.nano_dollars_per_month, usage.nano_dollars, month_seconds_left(now)
        ),
        charge=charge,
        short=short,
        counted=counted,
    )


def _allowance(limit: int | None, used: int, reset_seconds: int) -> Allowance | None:
    if limit is None:
        return None
    return Allowance(limit, max(0, limit - used), max(0, reset_seconds))
