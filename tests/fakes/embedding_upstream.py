"""An upstream that embeds: each input has its own vector, and of tokens one a word."""

import asyncio
import base64
import hashlib
import json
import struct
from typing import Any

from fakes.upstream import FakeUpstream
from llm_cache_proxy.ports.upstream import UpstreamCall, UpstreamReply


def vector_of(given: object) -> list[float]:
    """Three numbers that float32 holds exactly, unlike any other input's."""
    digest = hashlib.sha256(json.dumps(given).encode()).digest()
    return [(byte - 128) / 256 for byte in digest[:3]]


def packed(vector: list[float]) -> str:
    """In base64, as OpenAI sends it."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def tokens_of(given: str | list[int]) -> int:
    return len(given.split()) if isinstance(given, str) else len(given)


def inputs_of(fields: dict[str, Any]) -> list[Any]:
    """The inputs of a request, one or several."""
    given = fields["input"]
    single = isinstance(given, str) or isinstance(given[0], int)
    return [given] if single else given


def embedding_answer(fields: dict[str, Any]) -> dict[str, Any]:
    """The whole answer to a request, in OpenAI's shape."""
    inputs = inputs_of(fields)
    plain = fields.get("encoding_format", "float") == "float"
    vectors = [vector_of(each) for each in inputs]
    data = [
        {"object": "embedding", "index": at, "embedding": vector if plain else packed(vector)}
        for at, vector in enumerate(vectors)
    ]
    tokens = sum(map(tokens_of, inputs))
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": fields["model"], "usage": usage}


def do_nothing() -> None:
    """Nothing happens meanwhile."""


class FakeEmbeddingUpstream(FakeUpstream):
    """Embeds what is asked, unless something else was queued.

    `gate` holds every answer back while it is not set; `meanwhile` is called with each call.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.meanwhile = do_nothing

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        embeds = call.path == "/embeddings" and not self.unreachable
        if embeds and not self._queue:
            self.queue([json.dumps(embedding_answer(json.loads(call.body))).encode()])
        reply = await super().send(call)
        await self.gate.wait()
        self.meanwhile()
        return reply

    @property
    def asked(self) -> list[Any]:
        """What each call asked for."""
        return [json.loads(call.body)["input"] for call in self.calls]
