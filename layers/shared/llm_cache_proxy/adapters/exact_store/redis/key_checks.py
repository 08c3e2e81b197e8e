"""A check of a client's key in the words of the lookup script, and the script's reply to it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, cast

from llm_cache_proxy.adapters.exact_store.key_records import read_record
from llm_cache_proxy.adapters.exact_store.redis.records import found
from llm_cache_proxy.domain.client_keys.limits import KeyCheck, Refusal, grant
from llm_cache_proxy.domain.client_keys.usage import Charge, KeyUsage, month_of, month_span
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.items import ItemsFound
from llm_cache_proxy.ports.exact_store.store import Answered, Found, Lookup, OtherNamespace, Refused

_NAMESPACE = "namespace"
Checked = TypeVar("Checked", Found, ItemsFound)


def check_text(check: KeyCheck | None, now: float) -> str:
    """The check for `keys.lua`, empty if there is none; `now` in Unix seconds gives the month."""
    if check is None:
        return ""
    month_from, month_until = month_span(now)
    fields = {
        "id": check.key_id,
        "model": check.model,
        "namespace": check.namespace,
        "tokens": check.tokens,
        "nano": check.nano_dollars,
        "counts": check.counts_request,
        "reserves": check.reserves,
        "month": month_of(now),
        "month_from": month_from,
        "month_until": month_until,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def answered(reply: object, query: Lookup) -> Answered:
    """The lookup's reply, with or without a check.

    Raises ExactStoreUnavailable if it makes no sense.
    """
    if query.check is None:
        return found(reply, query)
    return keyed(reply, query.check, lambda answer: found(answer, query))


def keyed(
    reply: object,
    check: KeyCheck,
    read: Callable[[object], Checked],
    reserved: Callable[[Checked], KeyCheck] | None = None,
) -> Checked | OtherNamespace | Refused:
    """The reply to a lookup with a check: `read` reads its answer, `reserved` what remains to ask.

    Raises ExactStoreUnavailable if it makes no sense.
    """
    try:
        return _keyed(cast("list[str]", reply), check, read, reserved)
    except (TypeError, ValueError) as exc:
        raise ExactStoreUnavailable("the exact store's reply on a key makes no sense") from exc


def _keyed(
    reply: list[str],
    check: KeyCheck,
    read: Callable[[object], Checked],
    reserved: Callable[[Checked], KeyCheck] | None,
) -> Checked | OtherNamespace | Refused:
    kind, refusal, text, now, used, charged, short, counted, answer = reply
    if kind != "keyed":
        raise ValueError(kind)
    record, usage = read_record(text), usage_of(cast("list[str]", used))
    if record is None:
        return Refused(Refusal.UNKNOWN)
    if refusal == _NAMESPACE:
        return OtherNamespace(record.namespace)
    if refusal:
        return Refused(Refusal(refusal), grant(record, usage, int(now)))
    said = read(answer)
    asked = check if reserved is None else reserved(said)
    left = grant(
        record,
        usage,
        int(now),
        charge=_charge(asked, usage) if int(charged) else None,
        short=Refusal(short) if short else None,
        counted=bool(int(counted)),
    )
    return replace(said, grant=left)


def usage_of(words: list[str]) -> KeyUsage:
    """A key's usage as the script lists it. Raises TypeError and ValueError."""
    return KeyUsage(*(int(word) for word in words))


def _charge(check: KeyCheck, usage: KeyUsage) -> Charge:
    return Charge(check.key_id, usage.day, usage.month, check.tokens, check.nano_dollars or 0)
