"""What a key's limits leave, as OpenAI's `x-ratelimit-*` headers tell it."""

from llm_cache_proxy.domain.client_keys.limits import Allowance, Grant

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
