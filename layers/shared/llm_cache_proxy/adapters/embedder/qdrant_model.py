"""Which of Qdrant's models computes vectors, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QdrantModel:
    """A model of Qdrant's inference, and the collection that its vectors pass through."""

    url: str
    name: str
    dimensions: int
    window_tokens: int
    collection: str
