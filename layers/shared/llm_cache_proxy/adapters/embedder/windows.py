"""How much of a text a model reads, and whether it has read all of it.

Never calls a text whole that may have been cut: two texts that differ after the cut would be one.
"""

from collections.abc import Sequence

from llm_cache_proxy.ports.embedder import Embedding

_SMALLEST = 128
"""Of any model in use; taken for one that is not known, since services cut texts in silence."""

_WINDOWS = (
    ("text-embedding-3-", 8_191),
    ("text-embedding-ada-002", 8_191),
    ("amazon.titan-embed-text", 8_192),
    ("cohere.embed-v4", 128_000),
    ("cohere.embed-", 512),
    ("multilingual-e5", 512),
    ("mxbai-embed-large", 512),
    ("all-minilm", 256),
)
"""Tokens that a model reads, as its maker says, by what its name holds."""


def window_tokens(model: str) -> int:
    """The window of a model by its name; a small one where the model is not known."""
    lowered = model.lower()
    return next((tokens for part, tokens in _WINDOWS if part in lowered), _SMALLEST)


def most_tokens(text: str) -> int:
    """No fewer tokens than any tokenizer of UTF-8 makes of `text`, and two that open and close."""
    return len(text.encode("utf-8", "replace")) + 2


def sent(text: str) -> str:
    """What is sent for a text: services refuse one that says nothing."""
    return text if text.strip("\0 \t\r\n") else "."


def shares(tokens: int | None, texts: Sequence[str]) -> list[int]:
    """What each text took of the `tokens` counted for all: by its length, and never less than 2.

    Where the model did not count them, no fewer than each has.
    """
    sizes = [most_tokens(text) for text in texts]
    if tokens is None:
        return sizes
    found = [tokens * size // sum(sizes) for size in sizes]
    found[0] += tokens - sum(found)
    return [max(2, share) for share in found]


def read(vector: list[float], text: str, tokens: int | None, window: int) -> Embedding:
    """The embedding of `text`, which took `tokens` if the service counted them for it alone.

    A service that cuts texts in silence counts no more tokens than its window.
    """
    most = most_tokens(text)
    if tokens is None or tokens <= 0:
        return Embedding(vector, most, most <= window)
    return Embedding(vector, tokens, most <= window or tokens < window)
