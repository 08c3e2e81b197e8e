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
from typing import NamedTuple, Protocol, TypedDict

from llm_cache_proxy.adapters.embedder.bedrock_model import BedrockModel
from llm_cache_proxy.adapters.embedder.replies import Fields, parse_reply
from llm_cache_proxy.adapters.embedder.text import encodable
from llm_cache_proxy.adapters.embedder.windows import most_tokens, sent, shares
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


class Metadata(TypedDict):
    """What boto3 says of an answer."""

    HTTPHeaders: dict[str, str]


class Answer(TypedDict):
    """What an invocation comes to; Bedrock has the names."""

    body: Body
    ResponseMetadata: Metadata


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


class _Reply(NamedTuple):
    fields: Fields
    tokens: int | None
    """Of all texts together, where Bedrock says so."""


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
        vectors = self._model.vectors(reply.fields, len(texts))
        # A model that must not cut a text has read all of what it took.
        taken = shares(reply.tokens if whole else None, texts)
        return [
            Embedding(vector, tokens, whole) for vector, tokens in zip(vectors, taken, strict=True)
        ]

    async def _reply(self, texts: Sequence[str]) -> _Reply:
        fields = self._model.request([sent(encodable(text)) for text in texts])
        payload = json.dumps(fields).encode()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                content, tokens = await self._in_worker(payload)
                return _Reply(parse_reply(content), tokens)
        except TimeoutError as exc:
            raise EmbedderUnavailable(
                f"Bedrock did not answer within {self._timeout_seconds:g} s."
            ) from exc

    async def _in_worker(self, payload: bytes) -> tuple[bytes, int | None]:
        if self._workers is None:
            self._workers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="bedrock")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._invoke, payload)

    def _invoke(self, payload: bytes) -> tuple[bytes, int | None]:
        try:
            with self._connecting:
                if self._client is None:
                    self._client = self._client_factory(self._timeout_seconds)
                client = self._client
            answer = client.invoke_model(modelId=self._model.name, body=payload)
            with closing(answer["body"]) as body:
                return body.read(), _counted(answer)
        except Exception as exc:  # boto3's errors, its library's missing, or a cut connection
            code = _code(exc)
            kind = _Refused if code == _NOT_UNDERSTOOD else EmbedderUnavailable
            raise kind(f"Bedrock gives no vector: {code}") from exc


def _counted(answer: Answer) -> int | None:
    tokens = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amzn-bedrock-input-token-count", "")
    return int(tokens) if tokens.isdecimal() and int(tokens) > 0 else None


def _code(exc: Exception) -> str:
    """What went wrong, without the message of a refusal, which may quote the text."""
    response = getattr(exc, "response", None)
    error = response.get("Error") if isinstance(response, Mapping) else None
    if isinstance(error, Mapping):
        return str(error.get("Code"))
    return type(exc).__name__ if isinstance(exc, ValueError) else str(exc)
