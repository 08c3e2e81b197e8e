"""The process that owns the embedded semantic tier, where there is one."""

import sys
from typing import TYPE_CHECKING

from llm_cache_proxy.bootstrap.embedders import collection_name, known_dimensions
from llm_cache_proxy.bootstrap.local.folders import data_dir, vectors_dir
from llm_cache_proxy.settings import Settings

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.vector_store.qdrant.owned.process import OwnerProcess


def vectors_owner(settings: Settings) -> "OwnerProcess | None":
    """The owner, not started yet; None if a server keeps the vectors.

    None on Windows as well, which has no Unix sockets: there the server opens the folder itself.
    """
    if settings.qdrant_url is not None or sys.platform == "win32":
        return None
    from llm_cache_proxy.adapters.vector_store.qdrant.owned.given import OwnerGiven
    from llm_cache_proxy.adapters.vector_store.qdrant.owned.process import OwnerProcess

    return OwnerProcess(
        OwnerGiven(
            path=str(vectors_dir(settings)),
            data_dir=str(data_dir(settings)),
            collection=collection_name(settings),
            dimensions=known_dimensions(settings),
            timeout_seconds=settings.search_deadline_seconds,
            min_free_bytes=settings.min_free_bytes,
            log_level=settings.log_level,
        )
    )
