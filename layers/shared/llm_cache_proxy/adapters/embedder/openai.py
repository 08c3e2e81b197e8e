"""Vectors from any API that speaks OpenAI's `POST /embeddings` (`EMBEDDER=openai`).

OpenAI itself, vLLM, Ollama, Text Embeddings Inference, LM Studio, a gateway. A failure that may
pass is tried once more within the same timeout. Never shows the key or a text.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.adapters.embedder.replies import Fields, parse_reply
from llm_cache_proxy.adapters.embedder.service_calls import (
    Answered,
    Refused,
    ServiceCalls,
    Unreachable,
)
from llm_cache_proxy.adapters.embedder.text import encodable
from llm_cache_proxy.adapters.embedder.unit_vector import floats_of, unit_vector
from llm_cache_proxy.adapters.embedder.windows import most_tokens, read, sent, shares
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.domain.upstreams.retry import worth_repeating
from llm_cache_proxy.ports.embedder import Embedding

_TEXTS_PER_CALL = 64
_MOST_BYTES = 64_000_000
_SECONDS_BETWEEN_TRIES = 0.05
_MOST_BYTES_PER_CHARACTER = 4


@dataclass(frozen=True, slots=True)
class OpenAIModel:
    """A model at an OpenAI-compatible API.

    `dimensions` is asked for and expected where it is given; `window_tokens` is what the model
    reads of a text.
    """

    base_url: str
    model: str
    window_tokens: int
    dimensions: int | None = None


class OpenAIEmbedder:
    """`timeout_seconds` bounds each call with its second try; `embedder_id` names the vectors."""

    def __init__(
        self, model: OpenAIModel, *, api_key: str | None, embedder_id: str, timeout_seconds: float
    ) -> None:
        self._model = model
        self._embedder_id = embedder_id
        self._timeout_seconds = timeout_seconds
        self._url = f"{model.base_url}/embeddings"
        self._calls = ServiceCalls(
            timeout_seconds=timeout_seconds,
            most_bytes=_MOST_BYTES,
            headers={"authorization": f"Bearer {api_key}"} if api_key else None,
        )
        self._knows_base64: bool | None = None

    @property
    def embedder_id(self) -> str:
        """Embedder, model and dimensions; vectors of different ids are never compared."""
        return self._embedder_id

    @property
    def priced_as(self) -> str:
        """The model by whose price its tokens are counted."""
        return self._model.model

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order; accepts any text. Raises EmbedderUnavailable.

        Texts that fit for certain go together, each of the others alone.
        """
        short = [at for at, text in enumerate(texts) if self._fits(text)]
        found: dict[int, Embedding] = {}
        for start in range(0, len(short), _TEXTS_PER_CALL):
            some = short[start : start + _TEXTS_PER_CALL]
            together = await self._together([texts[at] for at in some])
            found.update(zip(some, together, strict=True))
        for at, text in enumerate(texts):
            if at not in found:
                found[at] = await self._alone(text)
        return [found[at] for at in range(len(texts))]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._calls.aclose()

    def _fits(self, text: str) -> bool:
        return most_tokens(text) <= self._model.window_tokens

    async def _together(self, texts: list[str]) -> list[Embedding]:
        vectors, tokens = await self._asked(texts)
        if len(texts) == 1:
            return [read(vectors[0], texts[0], tokens, self._model.window_tokens)]
        return [
            Embedding(vector, share, whole=True)
            for vector, share in zip(vectors, shares(tokens, texts), strict=True)
        ]

    async def _alone(self, text: str) -> Embedding:
        """A text that may be too long: if it is refused, its beginning stands for it."""
        try:
            [vector], tokens = await self._asked([text])
        except Refused:
            characters = max(1, (self._model.window_tokens - 2) // _MOST_BYTES_PER_CHARACTER)
            [vector], tokens = await self._asked([text[:characters]])
            return Embedding(vector, most_tokens(text), whole=False)
        return read(vector, text, tokens, self._model.window_tokens)

    async def _asked(self, texts: list[str]) -> tuple[list[list[float]], int | None]:
        fields: Fields = {"model": self._model.model, "input": [sent(encodable(t)) for t in texts]}
        if self._model.dimensions is not None:
            fields["dimensions"] = self._model.dimensions
        try:
            async with asyncio.timeout(self._timeout_seconds):
                reply = await self._in_either_encoding(fields)
        except TimeoutError as exc:
            raise EmbedderUnavailable(
                f"The embedder did not answer within {self._timeout_seconds:g} s."
            ) from exc
        return self._vectors(reply, len(texts)), _tokens(reply)

    async def _in_either_encoding(self, fields: Fields) -> Fields:
        """Base64 is a quarter of the size; a service that refuses it is asked without."""
        if self._knows_base64 is not False:
            try:
                reply = await self._posted({**fields, "encoding_format": "base64"})
            except Refused:
                if self._knows_base64:
                    raise
            else:
                self._knows_base64 = True
                return reply
        reply = await self._posted(fields)
        self._knows_base64 = False
        return reply

    async def _posted(self, fields: Fields) -> Fields:
        try:
            return parse_reply(await self._calls.post(self._url, fields))
        except Answered as exc:
            if not worth_repeating(exc.status, {}, safe=True):
                raise
        except Unreachable:
            pass  # a kept connection that the service has closed meanwhile, as a rule
        await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
        return parse_reply(await self._calls.post(self._url, fields))

    def _vectors(self, reply: Fields, count: int) -> list[list[float]]:
        items = reply.get("data")
        if not isinstance(items, list) or len(items) != count:
            raise EmbedderUnavailable(f"The embedder's answer has no {count} embeddings.")
        found: dict[int, list[float]] = {}
        for place, item in enumerate(items):
            if not isinstance(item, dict):
                raise EmbedderUnavailable("The embedder's answer is not in OpenAI's form.")
            index, vector = item.get("index", place), item.get("embedding")
            if isinstance(vector, str):
                vector = floats_of(vector)
            if type(index) is not int or not 0 <= index < count or index in found:
                raise EmbedderUnavailable("The embedder's answer has an embedding out of place.")
            found[index] = unit_vector(vector, self._model.dimensions)
        return [found[index] for index in range(count)]


def _tokens(reply: Fields) -> int | None:
    usage = reply.get("usage")
    tokens = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    return tokens if type(tokens) is int and tokens > 0 else None
