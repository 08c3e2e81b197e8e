"""The owner's answer to each call on a collection."""

from collections.abc import Callable, Coroutine
from typing import Any

from llm_cache_proxy.adapters.vector_store.qdrant.collection import Collection
from llm_cache_proxy.adapters.vector_store.qdrant.owned.frames import Frame
from llm_cache_proxy.adapters.vector_store.qdrant.owned.words import (
    found_words,
    integer_in,
    number_in,
    placed_words,
    scope_in,
    text_in,
    texts_in,
)
from llm_cache_proxy.adapters.vector_store.qdrant.payload import entry_of, payload_of
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.vector_store import Scope

Answer = tuple[JsonObject, list[float]]
"""Fields and numbers of a frame."""


async def _nearest(held: Collection, frame: Frame) -> Answer:
    found = await held.nearest(
        scope_in(frame.fields),
        frame.numbers,
        now=integer_in(frame.fields, "now"),
        limit=integer_in(frame.fields, "limit"),
        at_least=number_in(frame.fields, "at_least"),
    )
    return found_words(found), []


async def _remove(held: Collection, frame: Frame) -> Answer:
    await held.remove(texts_in(frame.fields, "points"))
    return {}, []


async def _fetch(held: Collection, frame: Frame) -> Answer:
    tenant = text_in(frame.fields, "tenant")
    entry = await held.fetch(tenant, text_in(frame.fields, "key"))
    return {"entry": None if entry is None else payload_of(Scope(tenant, "", ""), entry)}, []


async def _store(held: Collection, frame: Frame) -> Answer:
    scope, payload = scope_in(frame.fields), frame.fields["entry"]
    assert isinstance(payload, dict)  # noqa: S101 - our own question
    entry = entry_of(payload, tenant=scope.tenant, key=str(payload.get("key")))
    if entry is None:
        raise VectorStoreUnavailable("the semantic store's process was sent no entry")
    await held.store(scope, frame.numbers, entry)
    return {}, []


async def _sweep(held: Collection, frame: Frame) -> Answer:
    tenant, selector = text_in(frame.fields, "tenant"), text_in(frame.fields, "selector")
    return {"count": await held.sweep(tenant, selector, integer_in(frame.fields, "cutoff"))}, []


async def _sweep_before(held: Collection, frame: Frame) -> Answer:
    before = integer_in(frame.fields, "created_before")
    return {"count": await held.sweep_before(text_in(frame.fields, "tenant"), before)}, []


async def _purge(held: Collection, frame: Frame) -> Answer:
    return {"count": await held.purge(integer_in(frame.fields, "now"))}, []


async def _placed(held: Collection, frame: Frame) -> Answer:
    tenant, keys = text_in(frame.fields, "tenant"), texts_in(frame.fields, "keys")
    return placed_words(await held.placed(tenant, keys))


async def _count_entries(held: Collection, frame: Frame) -> Answer:
    fields: dict[str, Any] = frame.fields
    tenant = text_in(fields, "tenant")
    count = await held.count_entries(tenant, fields["selector"], fields["created_before"])
    return {"count": count}, []


async def _ping(held: Collection, frame: Frame) -> Answer:  # noqa: ARG001 - all have the same form
    await held.ping(None)
    return {}, []


ANSWERS: dict[str, Callable[[Collection, Frame], Coroutine[None, None, Answer]]] = {
    "nearest": _nearest,
    "remove": _remove,
    "fetch": _fetch,
    "store": _store,
    "sweep": _sweep,
    "sweep_before": _sweep_before,
    "purge": _purge,
    "placed": _placed,
    "count_entries": _count_entries,
    "ping": _ping,
}
