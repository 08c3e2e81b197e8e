"""What an embedding service answered, believed only as far as it can be checked.

Never lets a vector through that is not 384 finite numbers with a direction: one bad vector in the
store would be compared with every later prompt.
"""

import json
from collections.abc import Sequence

from llm_cache_proxy.adapters.embedder.text import most_word_pieces
from llm_cache_proxy.adapters.embedder.unit_vector import unit_vector
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.ports.embedder import Embedding

DIMENSIONS = 384
WINDOW_TOKENS = 256

Fields = dict[str, object]


def parse_reply(body: bytes | str) -> Fields:
    """The reply's JSON object; raises EmbedderUnavailable for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise EmbedderUnavailable("The embedder's answer is not JSON.") from exc
    if not isinstance(found, dict):
        raise EmbedderUnavailable("The embedder's answer is not a JSON object.")
    return found


def check_id(reply: Fields, expected: str) -> None:
    """Raise EmbedderUnavailable where the reply names another model than the configured one."""
    named = reply.get("embedder_id", expected)
    if named != expected:
        raise EmbedderUnavailable(f"The embedder is {named!r:.80}, not {expected} as configured.")


def read_batch(reply: Fields, texts: Sequence[str]) -> list[Embedding]:
    """`{"embeddings": [{"embedding", "tokens", "whole"}, …]}`, one for each of `texts`."""
    items = reply.get("embeddings")
    if not isinstance(items, list) or len(items) != len(texts):
        raise EmbedderUnavailable(f"The embedder's answer has no {len(texts)} embeddings.")
    return [read_item(item, text) for item, text in zip(items, texts, strict=True)]


def read_item(item: object, text: str) -> Embedding:
    """`{"embedding": [384 numbers]}` with optional `tokens` and `whole`.

    Where the service does not say how long the text was, it counts as whole only if it cannot
    have been longer than the window.
    """
    if not isinstance(item, dict):
        raise EmbedderUnavailable("The embedder's answer is not a JSON object.")
    vector = unit_vector(item.get("embedding"), DIMENSIONS)
    tokens, whole = item.get("tokens"), item.get("whole")
    if type(tokens) is not int or tokens < 0:
        tokens = most_word_pieces(text)
    return Embedding(vector, tokens, whole if isinstance(whole, bool) else tokens <= WINDOW_TOKENS)
