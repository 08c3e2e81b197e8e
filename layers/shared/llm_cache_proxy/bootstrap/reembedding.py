"""Moves a cache to another embedder, if the semantic tier is in Qdrant."""

from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.adapters.vector_store.qdrant.port import QdrantPort
from llm_cache_proxy.administration.reembedding import Reembedding
from llm_cache_proxy.bootstrap.embedders import collection_of
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.pipeline.composition import Pipeline
from llm_cache_proxy.pipeline.support.dependency import Breaker, Dependency
from llm_cache_proxy.pipeline.support.embedding_calls import EmbeddingCalls
from llm_cache_proxy.settings import Settings

_PATIENT_SECONDS = 20.0


def reembedding(settings: Settings, parts: Parts, pipeline: Pipeline) -> Reembedding | None:
    """None without a semantic tier."""
    vectors = parts.vectors
    if not isinstance(vectors, QdrantPort):
        return None

    def source(embedder_id: str | None) -> QdrantPort:
        return vectors.beside(
            settings.qdrant_collection
            if embedder_id is None
            else collection_of(settings, embedder_id)
        )

    # Apart from the one that serves requests: batches take longer, and may fail for themselves.
    patient = Dependency("embed", _PATIENT_SECONDS, SystemClock(), Breaker())
    return Reembedding(
        exact=parts.exact,
        target=vectors,
        source=source,
        calls=EmbeddingCalls(parts.embedder, patient, pipeline.options.prices),
        counter_writer=pipeline.counter_writer,
    )
