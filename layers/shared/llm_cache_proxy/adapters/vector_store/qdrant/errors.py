"""Two ways in which a Qdrant collection is unready; provisioning it mends both."""

from llm_cache_proxy.domain.errors import VectorStoreUnavailable


class CollectionUnready(VectorStoreUnavailable):
    """The collection has to be provisioned before it can be used."""


class CollectionMissing(CollectionUnready):
    """There is no collection of that name."""


class IndexMissing(CollectionUnready):
    """A payload index is missing, and strict mode refuses to filter without one."""
