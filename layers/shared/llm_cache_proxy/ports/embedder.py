"""Text to vector."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Embedding(NamedTuple):
    """One text's vector, floats of unit length, as many for each text.

    `tokens` counts the tokens of the whole text, those that open and close it included. `whole` is
    False where the text is longer than the model's window, so that the vector stands for its
    beginning only: two such texts may agree by what they share alone.
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

    @property
    def priced_as(self) -> str:
        """The model by whose price its tokens are counted; empty where a call costs nothing."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order; accepts any text."""
        ...

    async def aclose(self) -> None:
        """Release what was loaded; the embedder is not used afterwards."""
        ...
