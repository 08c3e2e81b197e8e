"""An entry as a Qdrant point and back: ids, payloads and vectors, without Qdrant's client.

Never trusts what comes back: a payload of another shape, version or scope is no entry at all.
"""

import hashlib
import json
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, cast

from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Entry, Forms
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import Candidate, Placed, Scope

MINILM_DIMENSIONS = 384

CANDIDATE_FIELDS = [
    "format_version",
    "tenant",
    "fingerprint",
    "embedder",
    "key",
    "entry_id",
    "text",
    "created_at",
    "expires_at",
]
"""What `sifted` reads: never the stored answers, which may be megabytes."""

PLACE_FIELDS = ["format_version", "tenant", "fingerprint", "embedder", "key"]
"""What `placed_of` reads."""

Payload = Mapping[str, object]
PointId = int | str | uuid.UUID


class ScoredPoint(Protocol):
    """A point as a search finds it, in qdrant-client and in Qdrant Edge."""

    @property
    def id(self) -> PointId:
        """Its name in the collection."""
        ...

    @property
    def payload(self) -> Payload | None:
        """The requested fields."""
        ...

    @property
    def score(self) -> float:
        """The cosine of its vector and the one that is searched for."""
        ...


class Found(NamedTuple):
    """What may be served, most similar first, and the points that are records of nothing."""

    candidates: list[Candidate]
    malformed: list[PointId]


class _Malformed(ValueError):
    """A field is missing or of the wrong type."""


def point_id(tenant: str, key: str) -> str:
    """The point's UUID, the same for the same tenant and exact key, and for nothing else.

    RFC 9562's name-based layout over SHA-256 of a JSON array, so that no two pairs of strings
    share an encoding.
    """
    digest = hashlib.sha256(json.dumps([tenant, key]).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=5))


def checked_vector(vector: Sequence[float], dimensions: int | None) -> list[float]:
    """The vector as plain floats.

    Raises `VectorStoreUnavailable` where it holds another number of them than `dimensions` (None:
    any), or one that is not finite.
    """
    values = list(map(float, vector))
    if dimensions is not None and len(values) != dimensions:
        raise VectorStoreUnavailable(f"a vector of {len(values)} numbers, {dimensions} expected")
    # A sum is not finite where one of them is not; that of very large ones may be neither.
    if not values or not (math.isfinite(sum(values)) or all(map(math.isfinite, values))):
        raise VectorStoreUnavailable("a vector with a number that is not finite")
    return values


def payload_of(scope: Scope, entry: Entry) -> dict[str, object]:
    """Everything about an entry but its vector, as JSON values."""
    return {
        "format_version": FORMAT_VERSION,
        "tenant": scope.tenant,
        "fingerprint": scope.fingerprint,
        "embedder": scope.embedder_id,
        "key": entry.key,
        "entry_id": entry.entry_id,
        "selectors": list(entry.selectors),
        "sequence": entry.sequence,
        "created_at": entry.created_at,
        "expires_at": entry.expires_at,
        "purge_at": entry.purge_at,
        "model": entry.model,
        "prompt_tokens": entry.prompt_tokens,
        "completion_tokens": entry.completion_tokens,
        "text": entry.text,
        "text_digest": entry.text_digest,
        "json": entry.forms.json,
        "sse": entry.forms.sse,
        "usage_event": entry.forms.usage_event,
    }


def entry_of(payload: Payload | None, *, tenant: str, key: str) -> Entry | None:
    """The entry under (tenant, key), or None where the payload is not a sound record of it."""
    if payload is None or not _is_current(payload):
        return None
    if payload.get("tenant") != tenant or payload.get("key") != key:
        return None
    try:
        return Entry(
            key=key,
            entry_id=_text(payload, "entry_id"),
            created_at=_integer(payload, "created_at"),
            expires_at=_integer(payload, "expires_at"),
            purge_at=_integer(payload, "purge_at"),
            sequence=_integer(payload, "sequence"),
            selectors=_texts(payload, "selectors"),
            model=_text(payload, "model"),
            prompt_tokens=_integer(payload, "prompt_tokens"),
            completion_tokens=_integer(payload, "completion_tokens"),
            text=_text(payload, "text"),
            text_digest=_text(payload, "text_digest"),
            forms=Forms(
                json=_text(payload, "json"),
                sse=_text(payload, "sse"),
                usage_event=_text(payload, "usage_event"),
            ),
        )
    except _Malformed:
        return None


def sifted(points: Iterable[ScoredPoint], scope: Scope) -> Found:
    """What a search found, the sound apart from what can be of no use to anyone."""
    found = Found([], [])
    for point in points:
        payload = point.payload
        if payload is None or not _is_current(payload) or payload.get("tenant") != scope.tenant:
            continue  # what another version wrote is left alone: it may be a newer one's
        try:
            candidate = _candidate(payload, point.score)
        except _Malformed:
            found.malformed.append(point.id)
            continue
        place = (payload.get("fingerprint"), payload.get("embedder"))
        if place == (scope.fingerprint, scope.embedder_id) and math.isfinite(point.score):
            found.candidates.append(candidate)
    return found


def _candidate(payload: Payload, score: float) -> Candidate:
    return Candidate(
        key=_text(payload, "key"),
        entry_id=_text(payload, "entry_id"),
        # Rounding puts a cosine of equal vectors a hair above 1.
        similarity=max(-1.0, min(1.0, score)),
        text=_text(payload, "text"),
        created_at=_integer(payload, "created_at"),
        expires_at=_integer(payload, "expires_at"),
    )


def placed_of(payload: Payload | None, vector: object, tenant: str) -> tuple[str, Placed] | None:
    """Exact key, scope and vector, or None where one of them is unsound."""
    if payload is None or not _is_current(payload) or payload.get("tenant") != tenant:
        return None
    try:
        scope = Scope(tenant, _text(payload, "fingerprint"), _text(payload, "embedder"))
        checked = checked_vector(cast("list[float]", vector), None)
        return _text(payload, "key"), Placed(scope, checked)
    except (_Malformed, TypeError, VectorStoreUnavailable):
        return None


def _is_current(payload: Payload) -> bool:
    return payload.get("format_version") == FORMAT_VERSION


def _text(payload: Payload, field: str) -> str:
    value = payload.get(field)
    if not isinstance(value, str):
        raise _Malformed(field)
    return value


def _integer(payload: Payload, field: str) -> int:
    value = payload.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Malformed(field)
    return value


def _texts(payload: Payload, field: str) -> tuple[str, ...]:
    value = payload.get(field)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _Malformed(field)
    return tuple(value)
