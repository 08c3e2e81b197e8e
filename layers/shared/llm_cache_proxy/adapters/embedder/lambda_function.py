"""The embedder in a Lambda function of its own, invoked directly (`EMBEDDING_FUNCTION`).

Never retries: a cold or throttled function is a miss, and a miss is cheaper than a late answer.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import NotRequired, Protocol, TypedDict

from llm_cache_proxy.adapters.embedder.replies import Fields, check_id, parse_reply, read_batch
from llm_cache_proxy.adapters.embedder.text import encodable
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.ports.embedder import Embedding

_TEXTS_PER_CALL = 16  # so that a call with long texts stays within a prompt's timeout


class Body(Protocol):
    """The answer's body."""

    def read(self) -> bytes:
        """All of it."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


class Answer(TypedDict):
    """What an invocation comes to; Lambda has the names."""

    Payload: Body
    FunctionError: NotRequired[str]


class Client(Protocol):
    """What is needed of boto3's Lambda client."""

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Answer:  # noqa: N803
        """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


def lambda_client(timeout_seconds: float) -> Client:
    """Boto3's Lambda client for the environment's region, endpoint and credentials."""
    # A tenth of a second that an exact hit does not pay; neither library ships types.
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=timeout_seconds,
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": 1},
    )
    client: Client = boto3.client("lambda", config=config)
    return client


class LambdaEmbedder:
    """`function_name` may carry an alias; `embedder_id` is the model expected behind it.

    `timeout_seconds` bounds each invocation. `client_factory` makes the client on first use, given
    the timeout.
    """

    def __init__(
        self,
        function_name: str,
        *,
        embedder_id: str,
        timeout_seconds: float,
        client_factory: Callable[[float], Client] = lambda_client,
    ) -> None:
        self._function_name = function_name
        self._embedder_id = embedder_id
        self._timeout_seconds = timeout_seconds
        self._client_factory = client_factory
        self._connecting = threading.Lock()
        self._client: Client | None = None

    @property
    def embedder_id(self) -> str:
        """Model and engine; vectors of different ids are never compared."""
        return self._embedder_id

    @property
    def priced_as(self) -> str:
        """No model: its calls cost no tokens."""
        return ""

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding a text, in order; accepts any text. Raises EmbedderUnavailable."""
        found: list[Embedding] = []
        for start in range(0, len(texts), _TEXTS_PER_CALL):
            some = texts[start : start + _TEXTS_PER_CALL]
            found += read_batch(await self._reply([encodable(text) for text in some]), some)
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)

    async def _reply(self, texts: list[str]) -> Fields:
        payload = compact_text({"texts": texts}).encode("utf-8")
        try:
            async with asyncio.timeout(self._timeout_seconds):
                reply = parse_reply(await asyncio.to_thread(self._invoke, payload))
        except TimeoutError as exc:
            raise EmbedderUnavailable(
                f"{self._function_name} did not answer within {self._timeout_seconds:g} s."
            ) from exc
        check_id(reply, self._embedder_id)
        return reply

    def _invoke(self, payload: bytes) -> bytes:
        try:
            with self._connecting:
                if self._client is None:
                    self._client = self._client_factory(self._timeout_seconds)
                client = self._client
            answer = client.invoke(FunctionName=self._function_name, Payload=payload)
            with closing(answer["Payload"]) as body:
                content = body.read()
        except Exception as exc:  # boto3's errors, its library's missing, or a cut connection
            raise EmbedderUnavailable(f"{self._function_name} cannot be invoked: {exc}") from exc
        if "FunctionError" in answer:
            raise EmbedderUnavailable(
                f"{self._function_name} failed ({answer['FunctionError']}): {content[:200]!r}"
            )
        return content
