"""The pipeline over fakes with an upstream that embeds, and a short way to ask for vectors."""

import json
from dataclasses import dataclass, field
from typing import Any

from fakes.embedding_upstream import FakeEmbeddingUpstream
from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.dialects.opaque import OpaqueDialect
from llm_cache_proxy.domain.embeddings.batch import batch_of
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.planned_request import client_request
from llm_cache_proxy.pipeline.request.state import RequestState
from unit.pipeline.harness import Harness, ReceivedAnswer, read

EMBEDDINGS = OpaqueDialect("/embeddings")


@dataclass
class EmbeddingsHarness(Harness):
    """Asks for embeddings of the model `m`."""

    embedding: FakeEmbeddingUpstream = field(default_factory=FakeEmbeddingUpstream)

    def __post_init__(self) -> None:
        self.upstream = self.embedding
        super().__post_init__()

    async def embed(self, given: object, **changes: Any) -> ReceivedAnswer:
        """Ask and read the answer; changes as for `begin_embedding`."""
        answer = await self.begin_embedding(given, **changes)
        body = answer.body
        if not isinstance(body, bytes):
            body = b"".join(await read(body))
        await self.proxy.drain()
        return ReceivedAnswer(answer.status, body, answer.outcome)

    async def begin_embedding(self, given: object, **changes: Any) -> Answer:
        """Ask; `headers`, `tenant`, `key_id` and `state` apart, changes are fields."""
        headers = changes.pop("headers", {})
        client = Client(changes.pop("tenant", "default"), changes.pop("key_id", None))
        state = changes.pop("state", None) or RequestState()
        raw = json.dumps({"model": "m", "input": given, **changes}).encode()
        batch = batch_of(parse_object(raw))
        assert batch is not None
        request = client_request(client, EMBEDDINGS, batch.rest, body=raw, headers=headers)
        return await self.pipeline.embeddings.answer(request, batch, state)

    def counts(self, tenant: str = "default") -> dict[str, int]:
        """The counters but for latencies."""
        counted = self.exact.counted(tenant)
        return {name: n for name, n in counted.items() if not name.startswith("latency")}


def vectors_in(answer: ReceivedAnswer) -> list[Any]:
    """The vectors of an answer, in order."""
    return [member["embedding"] for member in json.loads(answer.body)["data"]]
