"""Text to vector."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Embedding(NamedTuple):
    """One text's vector: 384 floats of unit length.

    `tokens` counts the word pieces of the whole text, [CLS] and [SEP] included. `whole` is False
    where the text is longer than the model's window, so that the vector stands for its beginning
    only: two such texts may agree by what they share alone.
    """

    vector: Sequence[float]
    tokens: int
    whole: bool


class Embedder(Protocol):
    """Failure (`EmbedderUnavailable`) means: no semantic tier for this request, and count it."""

    @property
    def embedder_id(self) -> str:
        """Model and engine; vectors of different ids are never compared."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order; accepts any text."""
        ...

    async def aclose(self) -> None:
        """Release what was loaded; the embedder is not used afterwards."""
        ...
