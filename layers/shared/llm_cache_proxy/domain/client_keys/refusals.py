"""What a client sees of its key's limits: one error for each refusal, and the headers."""

from llm_cache_proxy.domain.client_keys.key_ring import incorrect_key
from llm_cache_proxy.domain.client_keys.limits import Allowance, Grant, Refusal
from llm_cache_proxy.domain.errors import Forbidden, LimitReached, NotPermitted, RequestRefused
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS

_HOUR_SECONDS, _MINUTE_SECONDS = 3_600, 60


def limit_headers(grant: Grant | None) -> dict[str, str]:
    """The headers for requests and tokens; none for what has no limit."""
    if grant is None:
        return {}
    return {**_headers("requests", grant.requests), **_headers("tokens", grant.tokens)}


def _headers(what: str, allowance: Allowance | None) -> dict[str, str]:
    if allowance is None:
        return {}
    return {
        f"x-ratelimit-limit-{what}": str(allowance.limit),
        f"x-ratelimit-remaining-{what}": str(allowance.left),
        f"x-ratelimit-reset-{what}": duration(allowance.reset_seconds),
    }


def duration(seconds: int) -> str:
    """Seconds as OpenAI writes them: `59s`, `6m0s`, `23h59m1s`."""
    hours, rest = divmod(seconds, _HOUR_SECONDS)
    minutes, left = divmod(rest, _MINUTE_SECONDS)
    if hours:
        return f"{hours}h{minutes}m{left}s"
    return f"{minutes}m{left}s" if minutes else f"{left}s"


QUOTA = "insufficient_quota"


def refused_key(refusal: Refusal, grant: Grant | None, *, model: str | None) -> RequestRefused:
    """The error for `refusal`; `model` is the requested one."""
    error = _error(refusal, grant or Grant(), (model or "")[:100])
    error.headers.update(limit_headers(grant))
    return error


def _error(refusal: Refusal, grant: Grant, model: str) -> RequestRefused:
    if refusal is Refusal.UNKNOWN:
        return incorrect_key()
    if refusal is Refusal.REVOKED:
        return NotPermitted("This API key has been revoked.", code="revoked_api_key")
    if refusal is Refusal.EXPIRED:
        return NotPermitted("This API key has expired.", code="expired_api_key")
    if refusal is Refusal.MODEL:
        return Forbidden(
            f"This API key may not use the model '{model}'.",
            param="model",
            code="model_not_allowed",
        )
    if refusal is Refusal.UNPRICED:
        return Forbidden(
            f"The price of the model '{model}' is unknown, and this API key has a dollar limit.",
            param="model",
            code="price_unknown",
        )
    return _limit(refusal, grant)


def _limit(refusal: Refusal, grant: Grant) -> LimitReached:
    if refusal is Refusal.REQUESTS:
        held = _of(grant.requests)
        return LimitReached(
            f"Rate limit reached: {held.limit} requests per minute.",
            retry_after_seconds=max(1, held.reset_seconds),
        )
    if refusal is Refusal.TOKENS:
        held = _of(grant.tokens)
        said = f"this request may use more tokens than the {held.left:,} left of today's "
        said += f"{held.limit:,}"
    else:
        held = _of(grant.nano_dollars)
        said = f"this request may cost more than the ${held.left / NANO_DOLLARS:,.4f} left of this "
        said += f"month's ${held.limit / NANO_DOLLARS:,.2f}"
    error = LimitReached(
        f"You exceeded your current quota: {said}. Stored answers are still served.",
        retry_after_seconds=max(1, held.reset_seconds),
        code=QUOTA,
    )
    error.error_type = QUOTA
    error.headers["x-should-retry"] = "false"  # OpenAI's clients would try again in a second
    return error


def _of(allowance: Allowance | None) -> Allowance:
    return allowance or Allowance(0, 0, 0)
