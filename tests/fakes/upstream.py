"""An upstream that says what a test tells it to, and remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.ports.upstream import Route, UpstreamCall, UpstreamReply

JSON_HEADERS = {"content-type": "application/json"}
SSE_HEADERS = {"content-type": "text/event-stream"}


def completion(content: str | None, *, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """An answer with one choice."""
    said = {"role": "assistant", "content": content, **message}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [{"index": 0, "message": said, "logprobs": None, "finish_reason": finish}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def sse(*chunks: dict[str, Any], done: bool = True) -> list[bytes]:
    """The chunks as events, one a piece."""
    datas = [json.dumps(chunk) for chunk in chunks] + (["[DONE]"] if done else [])
    return [f"data: {data}\n\n".encode() for data in datas]


def chunk(content: str | None = None, finish: str | None = None, **rest: Any) -> dict[str, Any]:
    """One chunk of a stream."""
    delta = {} if content is None else {"role": "assistant", "content": content}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **rest,
    }


class FakeUpstream:
    """Answers in order from what was queued, then with `answer 1`, `answer 2` and so on."""

    def __init__(self) -> None:
        self.calls: list[UpstreamCall] = []
        self.closed_early = 0
        self.unreachable = False
        self.route_list: list[Route] | None = None
        self.answering_route: Route | None = None
        self._queue: list[tuple[int, dict[str, str], list[bytes | Exception]]] = []

    def queue(
        self, pieces: list[Any], status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """Answer the next call with these pieces; an exception among them breaks the answer off."""
        self._queue.append((status, headers or JSON_HEADERS, pieces))

    def routes(self, model: str, _: str = "") -> Sequence[Route]:
        return [Route("fake", model)] if self.route_list is None else self.route_list

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        self.calls.append(call)
        if self.unreachable:
            raise UpstreamUnreachable("The upstream cannot be reached.", upstream="fake")
        route = self.answering_route or (call.routes or self.routes(call.model or ""))[0]
        if self._queue:
            status, headers, pieces = self._queue.pop(0)
            return UpstreamReply(status, headers, self._body(pieces), route)
        text = f"answer {len(self.calls)}"
        if json.loads(call.body).get("stream"):
            usage = chunk(usage={"prompt_tokens": 10, "completion_tokens": 5}, choices=[])
            chunks = [chunk(text), chunk(finish="stop")]
            wants = json.loads(call.body).get("stream_options", {}).get("include_usage")
            pieces = list(sse(*chunks, *([usage] if wants else [])))
            return UpstreamReply(200, SSE_HEADERS, self._body(pieces), route)
        body = json.dumps(completion(text)).encode()
        return UpstreamReply(200, JSON_HEADERS, self._body([body]), route)

    async def _body(self, pieces: Sequence[bytes | Exception]) -> AsyncGenerator[bytes, None]:
        done = False
        try:
            for piece in pieces:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
            done = True
        finally:
            self.closed_early += not done

    async def models(self) -> list[dict[str, object]]:
        return [{"id": "m", "object": "model", "created": 1, "owned_by": "fake"}]

    async def aclose(self) -> None:
        """Nothing to release."""


class GatedUpstream(FakeUpstream):
    """Answers when its gate is opened; `unreachable` then counts as well."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.asked = asyncio.Event()

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        self.asked.set()
        await self.gate.wait()
        return await super().send(call)
