"""The point that a check of the store writes and removes: of no tenant, and always expired."""

from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.requests.keys import ALL
from llm_cache_proxy.ports.vector_store import Scope

CHECKED_SCOPE = Scope(tenant="", fingerprint="check", embedder_id="check")
CHECKED_ENTRY = Entry(
    key="check",
    entry_id="check",
    created_at=0,
    expires_at=0,
    purge_at=0,
    sequence=0,
    selectors=(ALL,),
    model="check",
    prompt_tokens=0,
    completion_tokens=0,
    text="",
    text_digest="",
    forms=Forms(json="", sse="", usage_event=""),
)


def any_vector(dimensions: int) -> list[float]:
    """A vector of length 1."""
    return [1.0] + [0.0] * (dimensions - 1)
