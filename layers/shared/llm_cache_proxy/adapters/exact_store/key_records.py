"""Records of clients' keys as JSON, which the scripts on a Redis read as well.

An absent value has no field, since null is a value in the scripts' JSON.
"""

import json
from typing import cast

from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits

_LIMITS = ("requests_per_minute", "tokens_per_day", "nano_dollars_per_month")
_TIMES = ("created_at", "expires_at", "revoked_at")


def record_text(record: KeyRecord) -> str:
    """The record as it is stored; the same record gives the same text."""
    fields = {
        "name": record.name,
        "namespace": record.namespace,
        "models": list(record.models),
        **{name: getattr(record.limits, name) for name in _LIMITS},
        **{name: getattr(record, name) for name in _TIMES},
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(known, sort_keys=True, separators=(",", ":"))


def read_record(text: str | None) -> KeyRecord | None:
    """The record, or None where the text is none."""
    try:
        fields = json.loads(text or "")
        return KeyRecord(
            name=str(fields["name"]),
            created_at=int(fields["created_at"]),
            limits=Limits(**{name: _whole(fields.get(name)) for name in _LIMITS}),
            models=tuple(str(model) for model in fields["models"]),
            namespace=str(fields["namespace"]),
            expires_at=_whole(fields.get("expires_at")),
            revoked_at=_whole(fields.get("revoked_at")),
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _whole(value: object) -> int | None:
    return None if value is None else int(cast("int", value))
