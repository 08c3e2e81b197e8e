"""What each question about a collection is answered with, in the process that has it open."""

from collections.abc import Callable, Coroutine
from typing import Any

from llm_cache_proxy.adapters.vector_store.qdrant.collection import Collection
from llm_cache_proxy.adapters.vector_store.qdrant.owned.frames import Frame
from llm_cache_proxy.adapters.vector_store.qdrant.owned.words import (
    found_words,
    integer_in,
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


async def _nearest(held: Collection, asked: Frame) -> Answer:
    found = await held.nearest(
        scope_in(asked.fields),
        asked.numbers,
        now=integer_in(asked.fields, "now"),
        limit=integer_in(asked.fields, "limit"),
    )
    return found_words(found), []


async def _remove(held: Collection, asked: Frame) -> Answer:
    await held.remove(texts_in(asked.fields, "points"))
    return {}, []


async def _fetch(held: Collection, asked: Frame) -> Answer:
    tenant = text_in(asked.fields, "tenant")
    entry = await held.fetch(tenant, text_in(asked.fields, "key"))
    return {"entry": None if entry is None else payload_of(Scope(tenant, "", ""), entry)}, []


async def _store(held: Collection, asked: Frame) -> Answer:
    scope, payload = scope_in(asked.fields), asked.fields["entry"]
    assert isinstance(payload, dict)  # noqa: S101 - our own question
    entry = entry_of(payload, tenant=scope.tenant, key=str(payload.get("key")))
    if entry is None:
        raise VectorStoreUnavailable("the semantic store's process was sent no entry")
    await held.store(scope, asked.numbers, entry)
    return {}, []


async def _sweep(held: Collection, asked: Frame) -> Answer:
    tenant, selector = text_in(asked.fields, "tenant"), text_in(asked.fields, "selector")
    return {"count": await held.sweep(tenant, selector, integer_in(asked.fields, "cutoff"))}, []


async def _sweep_before(held: Collection, asked: Frame) -> Answer:
    before = integer_in(asked.fields, "created_before")
    return {"count": await held.sweep_before(text_in(asked.fields, "tenant"), before)}, []


async def _purge(held: Collection, asked: Frame) -> Answer:
    return {"count": await held.purge(integer_in(asked.fields, "now"))}, []


async def _placed(held: Collection, asked: Frame) -> Answer:
    tenant, keys = text_in(asked.fields, "tenant"), texts_in(asked.fields, "keys")
    return placed_words(await held.placed(tenant, keys))


async def _count_entries(held: Collection, asked: Frame) -> Answer:
    fields: dict[str, Any] = asked.fields
    tenant = text_in(fields, "tenant")
    count = await held.count_entries(tenant, fields["selector"], fields["created_before"])
    return {"count": count}, []


async def _ping(held: Collection, asked: Frame) -> Answer:  # noqa: ARG001 - all have the same form
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
