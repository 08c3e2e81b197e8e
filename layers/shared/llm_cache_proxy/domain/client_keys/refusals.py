"""What a client is told when its key is not served: one answer for each reason, in one place."""

from llm_cache_proxy.domain.client_keys.key_ring import incorrect_key
from llm_cache_proxy.domain.client_keys.limit_headers import limit_headers
from llm_cache_proxy.domain.client_keys.limits import Allowance, Grant, Refusal
from llm_cache_proxy.domain.errors import Forbidden, LimitReached, NotPermitted, RequestRefused
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS

QUOTA = "insufficient_quota"


def refused_key(refusal: Refusal, grant: Grant | None, *, model: str | None) -> RequestRefused:
    """The error for `refusal`; `model` is the one asked for."""
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
        return _forbidden(f"This API key may not use the model '{model}'.", "model_not_allowed")
    if refusal is Refusal.UNPRICED:
        return _forbidden(
            f"The price of the model '{model}' is unknown, and this API key has a dollar limit.",
            "price_unknown",
        )
    return _limit(refusal, grant)


def _forbidden(message: str, code: str) -> Forbidden:
    error = Forbidden(message, code=code)
    error.param = "model"
    return error


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
