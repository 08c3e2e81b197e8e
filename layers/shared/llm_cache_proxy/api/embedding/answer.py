"""Requests to the embedding function, and its answers, however it was called.

Knows nothing of models or of HTTP, and never repeats a text in an error.
"""

from collections.abc import Mapping

from llm_cache_proxy.domain.errors import InvalidRequest, RequestRefused, openai_error
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.embedder import Embedder, Embedding

MOST_TEXTS = 256


async def embedded(embedder: Embedder, fields: Mapping[str, object]) -> JsonObject:
    """The answer to `{"text": …}` or `{"texts": […]}`; raises InvalidRequest for other fields.

    One text: `{"embedding", "tokens", "whole", "embedder_id"}`. Several: `{"embeddings": [{…}],
    "embedder_id"}`, in order.
    """
    if ("text" in fields) == ("texts" in fields):
        raise InvalidRequest("Give either 'text', a string, or 'texts', an array of strings.")
    texts = _texts(fields)
    found = [_item(embedding) for embedding in await embedder.embed(texts)]
    answer: JsonObject = found[0] if "text" in fields else {"embeddings": found}
    return answer | {"embedder_id": embedder.embedder_id}


def refusal(exc: RequestRefused) -> JsonObject:
    """The error object of a request that cannot be served."""
    return openai_error(exc.message, exc.error_type, param=exc.param, code=exc.code)


def _texts(fields: Mapping[str, object]) -> list[str]:
    if "text" in fields:
        text = fields["text"]
        if not isinstance(text, str):
            raise InvalidRequest("'text' must be a string.", param="text")
        return [text]
    texts = fields["texts"]
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InvalidRequest("'texts' must be an array of strings.", param="texts")
    if len(texts) > MOST_TEXTS:
        raise InvalidRequest(f"'texts' may hold {MOST_TEXTS} at most.", param="texts")
    return texts


def _item(embedding: Embedding) -> JsonObject:
    vector = [float(value) for value in embedding.vector]
    return {"embedding": vector, "tokens": embedding.tokens, "whole": embedding.whole}
