"""Embeddings of our own model, by its name: they are computed here and never stored."""

import asyncio
import base64
import struct
from collections.abc import Sequence
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.answers import outcome_headers
from llm_cache_proxy.api.http.raw_requests import while_connected
from llm_cache_proxy.api.v1.service import service_of
from llm_cache_proxy.domain.errors import EmbedderUnavailable, InvalidRequest, UpstreamUnreachable
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.recording.request_events import CLIENT_LEFT_STATUS
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Outcome
from llm_cache_proxy.ports.embedder import Embedder, Embedding

OWN_MODEL = "all-MiniLM-L6-v2"
OWN_NAMES = frozenset({OWN_MODEL, f"sentence-transformers/{OWN_MODEL}", OWN_MODEL.lower()})
_DIMENSIONS = 384
_MOST_TEXTS = 2048
_ENCODINGS = frozenset({"float", "base64"})


async def own_embedding(request: Request, fields: JsonObject, embedder: Embedder) -> Response:
    """Vectors of the texts in `fields`. Raises InvalidRequest and UpstreamUnreachable."""
    service = service_of(request)
    texts = _texts(fields)
    encoding = _encoding(fields)
    state = await service.pipeline.admission.free(request.state.client, OWN_MODEL)
    try:
        embedded = await while_connected(request, embedder.embed(texts))
    except EmbedderUnavailable as exc:
        raise UpstreamUnreachable(
            "The embedding model is not available at the moment.", upstream=OWN_MODEL
        ) from exc
    if embedded is None:
        return Response(status_code=CLIENT_LEFT_STATUS)
    _check_whole(embedded)
    outcome = Outcome(Result.BYPASS, str(Reason.UNCACHED_ROUTE), grant=state.account.grant)
    return Response(
        await _body(embedded, encoding),
        headers=outcome_headers(outcome, request.state.request_id),
        media_type=JSON_TYPE,
    )


def _texts(fields: JsonObject) -> list[str]:
    value = fields.get("input")
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or len(texts) > _MOST_TEXTS:
        raise InvalidRequest(
            f"'input' must be a string or an array of 1 to {_MOST_TEXTS} strings.", param="input"
        )
    if not all(isinstance(text, str) for text in texts):
        raise InvalidRequest(
            "'input' must hold text: arrays of token numbers belong to another model's tokenizer.",
            param="input",
            code="tokens_not_supported",
        )
    if fields.get("dimensions") not in (None, _DIMENSIONS):
        raise InvalidRequest(f"{OWN_MODEL} has {_DIMENSIONS} dimensions.", param="dimensions")
    return cast("list[str]", texts)


def _encoding(fields: JsonObject) -> str:
    encoding = fields.get("encoding_format", "float")
    if not isinstance(encoding, str) or encoding not in _ENCODINGS:
        raise InvalidRequest(
            "'encoding_format' must be 'float' or 'base64'.", param="encoding_format"
        )
    return encoding


def _check_whole(embedded: Sequence[Embedding]) -> None:
    for index, embedding in enumerate(embedded):
        if not embedding.whole:
            raise InvalidRequest(
                f"input[{index}] has {embedding.tokens} tokens; {OWN_MODEL} reads 256.",
                param="input",
                code="context_length_exceeded",
            )


async def _body(embedded: Sequence[Embedding], encoding: str) -> str:
    """The list as JSON, written vector by vector: other requests are served in between."""
    data = []
    for index, item in enumerate(embedded):
        vector = _encoded(item.vector, encoding)
        data.append(compact_text({"object": "embedding", "index": index, "embedding": vector}))
        await asyncio.sleep(0)
    tokens = sum(embedding.tokens for embedding in embedded)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    rest = compact_text({"model": OWN_MODEL, "usage": usage})
    return f'{{"object":"list","data":[{",".join(data)}],{rest[1:]}'


def _encoded(vector: Sequence[float], encoding: str) -> object:
    if encoding == "float":
        return [float(value) for value in vector]
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")
