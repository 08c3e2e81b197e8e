"""A client's key as operators see it: never the key itself."""

from llm_cache_proxy.domain.client_keys.limits import KeyRecord
from llm_cache_proxy.domain.client_keys.usage import KeyUsage
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS


def key_view(tenant: str, key_id: str, record: KeyRecord, usage: KeyUsage, now: int) -> JsonObject:
    """The key's record and usage at `now`; None is no limit."""
    limits, used = record.limits, usage.at(now)
    dollars = limits.nano_dollars_per_month
    return {
        "id": f"{tenant}.{key_id}",
        "tenant": tenant,
        "name": record.name,
        "status": _status(record, now),
        "created_at": record.created_at,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
        "namespace": record.namespace,
        "models": list(record.models),
        "limits": {
            "requests_per_minute": limits.requests_per_minute,
            "tokens_per_day": limits.tokens_per_day,
            "dollars_per_month": None if dollars is None else dollars / NANO_DOLLARS,
        },
        "used": {
            "requests_this_minute": used.requests,
            "tokens_today": used.tokens,
            "dollars_this_month": used.nano_dollars / NANO_DOLLARS,
        },
    }


def _status(record: KeyRecord, now: int) -> str:
    if record.revoked_at is not None:
        return "revoked"
    return "expired" if record.expires_at is not None and record.expires_at <= now else "active"
