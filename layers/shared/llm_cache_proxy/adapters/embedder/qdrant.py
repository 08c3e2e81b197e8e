"""Vectors that Qdrant computes (`EMBEDDER=qdrant`): its inference, through qdrant-client.

Qdrant gives a vector only as that of a point, so each text is written as a point without payload,
read back and removed, in a collection that serves nothing else. No text is stored.
"""

import asyncio
import math
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.embedder.qdrant_model import QdrantModel
from llm_cache_proxy.adapters.embedder.text import encodable
from llm_cache_proxy.adapters.embedder.unit_vector import unit_vector
from llm_cache_proxy.adapters.embedder.windows import most_tokens, sent
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.ports.embedder import Embedding

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.embedder.qdrant_points import TextPoints

_TEXTS_PER_CALL = 32


class QdrantEmbedder:
    """`timeout_seconds` bounds each call with all its steps."""

    def __init__(
        self, model: QdrantModel, *, api_key: str | None, embedder_id: str, timeout_seconds: float
    ) -> None:
        self._model = model
        self._api_key = api_key
        self._embedder_id = embedder_id
        self._timeout_seconds = timeout_seconds
        self._points: TextPoints | None = None

    @property
    def embedder_id(self) -> str:
        """Embedder, model and dimensions; vectors of different ids are never compared."""
        return self._embedder_id

    @property
    def priced_as(self) -> str:
        """The model by whose price its tokens are counted."""
        return self._model.name

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order; accepts any text. Raises EmbedderUnavailable."""
        found: list[Embedding] = []
        for start in range(0, len(texts), _TEXTS_PER_CALL):
            found += await self._some(texts[start : start + _TEXTS_PER_CALL])
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        points, self._points = self._points, None
        if points is not None:
            await points.aclose()

    async def _some(self, texts: Sequence[str]) -> list[Embedding]:
        points = await self._connected()
        given = {str(uuid.uuid4()): sent(encodable(text)) for text in texts}
        try:
            async with asyncio.timeout(self._timeout_seconds):
                vectors = await points.vectors(given)
        except TimeoutError as exc:
            raise EmbedderUnavailable(
                f"Qdrant did not embed within {self._timeout_seconds:g} s."
            ) from exc
        found = [unit_vector(vectors.get(one), self._model.dimensions) for one in given]
        window = self._model.window_tokens
        return [
            Embedding(vector, most_tokens(text), most_tokens(text) <= window)
            for vector, text in zip(found, texts, strict=True)
        ]

    async def _connected(self) -> "TextPoints":
        if self._points is None:
            # The import takes longer than a deadline, and must not stop other requests meanwhile.
            kind = await asyncio.to_thread(_text_points)
            if self._points is None:  # another first use may have come between
                self._points = kind(
                    self._model, self._api_key, timeout_seconds=math.ceil(self._timeout_seconds)
                )
        return self._points


def _text_points() -> "type[TextPoints]":
    from llm_cache_proxy.adapters.embedder.qdrant_points import TextPoints

    return TextPoints
