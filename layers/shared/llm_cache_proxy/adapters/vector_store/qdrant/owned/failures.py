"""How a failure in the owner's process is raised again in the caller's."""

from llm_cache_proxy.adapters.vector_store.qdrant.collection import (
    CollectionMissing,
    CollectionUnready,
    IndexMissing,
)
from llm_cache_proxy.domain.errors import (
    OtherDimensions,
    ProxyError,
    SettingsError,
    StoreRefusesWrites,
    VectorStoreUnavailable,
)
from llm_cache_proxy.domain.json_text import JsonObject

_KINDS: dict[str, type[ProxyError]] = {
    kind.__name__: kind
    for kind in (
        CollectionMissing,
        CollectionUnready,
        IndexMissing,
        OtherDimensions,
        SettingsError,
        StoreRefusesWrites,
        VectorStoreUnavailable,
    )
}


def failure_fields(failure: Exception) -> JsonObject:
    """The failure as fields of a frame; of what is no error of ours only its kind."""
    if not isinstance(failure, ProxyError):
        said = f"the semantic store's process failed: {type(failure).__name__}"
        return {"failed": VectorStoreUnavailable.__name__, "message": said}
    named = next(kind for kind in type(failure).__mro__ if kind.__name__ in _KINDS)
    return {"failed": named.__name__, "message": str(failure)}


def failure_in(fields: JsonObject) -> ProxyError | None:
    """The failure that `failure_fields` wrote; None where the frame holds none."""
    kind = fields.get("failed")
    if kind is None:
        return None
    return _KINDS.get(str(kind), VectorStoreUnavailable)(str(fields.get("message")))
