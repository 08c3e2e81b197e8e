"""An exported record read again: every field checked, since a file may have been edited.

Raises InvalidRequest that says what is wrong; never repeats what the record holds.
"""

import base64
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Entry, Forms
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import object_or_none
from llm_cache_proxy.domain.requests import keys
from llm_cache_proxy.domain.requests.keys import ALL
from llm_cache_proxy.ports.vector_store import Placed, Scope

_FLOAT_BYTES = 4
_LARGEST = 2**53 - 1  # what JSON numbers, Redis's Lua and SQLite all hold exactly
_LONGEST_TEXT = 5_000_000
_LATEST = 10**11  # Unix seconds: what lies beyond is no time

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Exported:
    """A record's entry, whose it is, and its place among vectors if it had one."""

    tenant: str
    entry: Entry
    placed: Placed | None


def parse_record(record: Record) -> Exported:
    """The record. Raises InvalidRequest."""
    if record.get("format_version") != FORMAT_VERSION:
        raise InvalidRequest(f"'format_version' must be {FORMAT_VERSION}.")
    tenant = _text(record, "tenant")
    entry = _entry(_object(record, "entry"))
    if not tenant or entry.entry_id != keys.entry_id(tenant, entry.key):
        raise InvalidRequest("'entry_id' is not that of this tenant and key.")
    if ALL not in entry.selectors or f"entry:{entry.entry_id}" not in entry.selectors:
        raise InvalidRequest("'selectors' lack what every entry can be cleared by.")
    vector = record.get("vector")
    placed = None if vector is None else _placed(tenant, _object(record, "vector"))
    return Exported(tenant, entry, placed)


def _entry(fields: Record) -> Entry:
    forms = _object(fields, "forms")
    created, expires, purge = (
        _integer(fields, name) for name in ("created_at", "expires_at", "purge_at")
    )
    if not created <= expires <= purge <= _LATEST:
        raise InvalidRequest("'created_at', 'expires_at' and 'purge_at' must follow each other.")
    return Entry(
        key=_text(fields, "key"),
        entry_id=_text(fields, "entry_id"),
        created_at=created,
        expires_at=expires,
        purge_at=purge,
        sequence=0,
        selectors=_texts(fields, "selectors"),
        model=_text(fields, "model"),
        prompt_tokens=_integer(fields, "prompt_tokens"),
        completion_tokens=_integer(fields, "completion_tokens"),
        text=_text(fields, "text"),
        text_digest=_text(fields, "text_digest"),
        forms=Forms(
            json=_json(forms, "json"),
            sse=_events(forms, "sse"),
            usage_event=_events(forms, "usage_event"),
        ),
    )


def _placed(tenant: str, fields: Record) -> Placed:
    try:
        packed = base64.b64decode(_text(fields, "values"), validate=True)
        values = struct.unpack(f"<{len(packed) // _FLOAT_BYTES}f", packed)
    except (ValueError, struct.error) as exc:
        raise InvalidRequest("'values' must be 32-bit floats in base64.") from exc
    if not all(map(math.isfinite, values)):
        raise InvalidRequest("'values' holds a number that is not finite.")
    if not any(values):
        raise InvalidRequest("'values' is a vector without a direction.")
    scope = Scope(tenant, _text(fields, "fingerprint"), _text(fields, "embedder"))
    return Placed(scope, values)


def _json(fields: Record, name: str) -> str:
    text = _text(fields, name)
    if object_or_none(text) is None:
        raise InvalidRequest(f"'{name}' must hold one JSON object.")
    return text


def _events(fields: Record, name: str) -> str:
    """Server-sent events, each whole and with a JSON object as its data; or none at all."""
    text = _text(fields, name)
    splitter = EventSplitter()
    events = splitter.feed(text.encode())
    data = [event.data for event in events if event.data is not None]
    if splitter.held or any(object_or_none(each) is None for each in data):
        raise InvalidRequest(f"'{name}' must hold whole server-sent events of JSON objects.")
    return text


def _object(record: Record, name: str) -> Record:
    value = record.get(name)
    if not isinstance(value, dict):
        raise InvalidRequest(f"'{name}' must be an object.")
    return value


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str):
        raise InvalidRequest(f"'{name}' must be a string.")
    return _storable(value, name)


def _storable(text: str, name: str) -> str:
    """`text`, if every store can hold it."""
    if len(text) > _LONGEST_TEXT:
        raise InvalidRequest(f"'{name}' is longer than {_LONGEST_TEXT:,} characters.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidRequest(f"'{name}' holds half of a surrogate pair, which is no text.")
    return text


def _texts(record: Record, name: str) -> tuple[str, ...]:
    value = record.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidRequest(f"'{name}' must be an array of strings.")
    return tuple(_storable(text, name) for text in cast("list[str]", value))


def _integer(record: Record, name: str) -> int:
    value = record.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise InvalidRequest(f"'{name}' must be a whole number from 0 to {_LARGEST}.")
    return value
