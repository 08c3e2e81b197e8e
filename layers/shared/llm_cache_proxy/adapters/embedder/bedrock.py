"""Vectors from Amazon Bedrock's Titan and Cohere models, by boto3 (`EMBEDDER=bedrock`).

Region and credentials are the environment's. boto3 is imported on first use and works in threads;
it never retries: a throttled call is a miss, and a miss is cheaper than a late answer. Never shows
a text: of a refusal it says the code alone.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol, TypedDict

from llm_cache_proxy.adapters.embedder.replies import Fields, parse_reply
from llm_cache_proxy.adapters.embedder.text import encodable
from llm_cache_proxy.adapters.embedder.unit_vector import unit_vector
from llm_cache_proxy.adapters.embedder.windows import most_tokens, sent
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.ports.embedder import Embedding

_AT_ONCE = 8
_MOST_BYTES_PER_CHARACTER = 4
_TEXTS_PER_CALL = 96  # of Cohere's models; Titan's take one
_NOT_UNDERSTOOD = "ValidationException"


class _Refused(EmbedderUnavailable):
    """Bedrock cannot make sense of the request: as a rule the text is too long."""


class Body(Protocol):
    """The answer's body."""

    def read(self) -> bytes:
        """All of it."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


class Answer(TypedDict):
    """What an invocation comes to; Bedrock has the names."""

    body: Body


class Client(Protocol):
    """What is needed of boto3's client for Bedrock's runtime."""

    def invoke_model(self, *, modelId: str, body: bytes) -> Answer:  # noqa: N803
        """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def bedrock_client(timeout_seconds: float) -> Client:
    """Boto3's client for the environment's region, endpoint and credentials."""
    # A tenth of a second that an exact hit does not pay; neither library ships types.
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=timeout_seconds,
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": 1},
        max_pool_connections=_AT_ONCE,
    )
    client: Client = boto3.client("bedrock-runtime", config=config)
    return client


@dataclass(frozen=True, slots=True)
class BedrockModel:
    """A model's id, ARN or inference profile; `dimensions` None leaves them to the model."""

    name: str
    window_tokens: int
    dimensions: int | None = None

    @property
    def is_cohere(self) -> bool:
        """Whether it takes several texts at once, in Cohere's form."""
        return "cohere." in self.name

    def request(self, texts: Sequence[str]) -> Fields:
        """The body of a call."""
        if not self.is_cohere:
            chosen: Fields = {} if self.dimensions is None else {"dimensions": self.dimensions}
            return {"inputText": texts[0], **chosen}
        chosen = {} if self.dimensions is None else {"output_dimension": self.dimensions}
        given = list(texts)
        return {"texts": given, "input_type": "search_query", "truncate": "NONE", **chosen}

    def vectors(self, reply: Fields, count: int) -> list[list[float]]:
        """The vectors of `count` texts. Raises EmbedderUnavailable."""
        found: object = [reply.get("embedding")]
        if self.is_cohere:
            found = reply.get("embeddings")
            if isinstance(found, dict):  # by their type, where several could be asked for
                found = found.get("float")
        if not isinstance(found, list) or len(found) != count:
            raise EmbedderUnavailable(f"Bedrock's answer has no {count} embeddings.")
        return [unit_vector(vector, self.dimensions) for vector in found]


class BedrockEmbedder:
    """`timeout_seconds` bounds each call. `client_factory` makes the client, given the timeout."""

    def __init__(
        self,
        model: BedrockModel,
        *,
        embedder_id: str,
        timeout_seconds: float,
        client_factory: Callable[[float], Client] = bedrock_client,
    ) -> None:
        self._model = model
        self._embedder_id = embedder_id
        self._timeout_seconds = timeout_seconds
        self._client_factory = client_factory
        self._connecting = threading.Lock()
        self._client: Client | None = None
        # Threads of its own: those of the event loop look up host names, among other things.
        self._workers: ThreadPoolExecutor | None = None

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
        found = await asyncio.gather(*(self._some(part) for part in self._parts(texts)))
        return [embedding for part in found for embedding in part]

    async def aclose(self) -> None:
        """Close the connections."""
        workers, self._workers = self._workers, None
        if workers is not None:
            workers.shutdown(wait=False, cancel_futures=True)
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)

    def _parts(self, texts: Sequence[str]) -> Iterator[Sequence[str]]:
        """What goes in one call each: a text that may be too long for the model goes alone."""
        together: list[str] = []
        for text in texts:
            alone = not self._model.is_cohere or most_tokens(text) > self._model.window_tokens
            if together and (alone or len(together) == _TEXTS_PER_CALL):
                yield together
                together = []
            if alone:
                yield [text]
            else:
                together.append(text)
        if together:
            yield together

    async def _some(self, texts: Sequence[str]) -> list[Embedding]:
        whole = True
        try:
            reply = await self._reply(texts)
        except _Refused:
            least = max(1, self._model.window_tokens // _MOST_BYTES_PER_CHARACTER)
            if len(texts) > 1 or len(texts[0]) <= least:
                raise
            whole = False  # its beginning stands for it
            reply = await self._reply([texts[0][:least]])
        vectors = self._model.vectors(reply, len(texts))
        tokens = reply.get("inputTextTokenCount")
        return [
            # A model that is told not to cut a text has read all of what it took.
            Embedding(
                vector,
                tokens if whole and type(tokens) is int and tokens > 0 else most_tokens(text),
                whole,
            )
            for text, vector in zip(texts, vectors, strict=True)
        ]

    async def _reply(self, texts: Sequence[str]) -> Fields:
        fields = self._model.request([sent(encodable(text)) for text in texts])
        payload = json.dumps(fields).encode()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return parse_reply(await self._in_worker(payload))
        except TimeoutError as exc:
            raise EmbedderUnavailable(
                f"Bedrock did not answer within {self._timeout_seconds:g} s."
            ) from exc

    async def _in_worker(self, payload: bytes) -> bytes:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bedrock")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._invoke, payload)

    def _invoke(self, payload: bytes) -> bytes:
        try:
            with self._connecting:
                if self._client is None:
                    self._client = self._client_factory(self._timeout_seconds)
                client = self._client
            answer = client.invoke_model(modelId=self._model.name, body=payload)
            with closing(answer["body"]) as body:
                return body.read()
        except Exception as exc:  # boto3's errors, its library's missing, or a cut connection
            code = _code(exc)
            kind = _Refused if code == _NOT_UNDERSTOOD else EmbedderUnavailable
            raise kind(f"Bedrock gives no vector: {code}") from exc


def _code(exc: Exception) -> str:
    """What went wrong, without the message of a refusal, which may quote the text."""
    response = getattr(exc, "response", None)
    error = response.get("Error") if isinstance(response, Mapping) else None
    if isinstance(error, Mapping):
        return str(error.get("Code"))
    return type(exc).__name__ if isinstance(exc, ValueError) else str(exc)
