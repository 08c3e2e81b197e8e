"""Calls to an upstream as tests make them, and what they read of an answer."""

import json
from collections.abc import Mapping, Sequence

from llm_cache_proxy.ports.upstream import Route, Upstream, UpstreamCall, UpstreamReply


def chat_call(
    *,
    model: str = "scripted-model",
    prompt: str = "Hello",
    streaming: bool = False,
    routes: Sequence[Route] = (),
    **fields: object,
) -> UpstreamCall:
    """A chat completion."""
    messages = [{"role": "user", "content": prompt}]
    body = {"model": model, "messages": messages, **fields}
    if streaming:
        body["stream"] = True
    return post("/chat/completions", body, model=model, streaming=streaming, routes=routes)


def post(
    path: str,
    body: object,
    *,
    model: str | None = None,
    streaming: bool = False,
    routes: Sequence[Route] = (),
    headers: Mapping[str, str] | None = None,
) -> UpstreamCall:
    """A POST of JSON."""
    sent = {"content-type": "application/json"} | dict(headers or {})
    return UpstreamCall(
        method="POST",
        path=path,
        query="",
        headers=sent,
        body=json.dumps(body).encode(),
        model=model,
        routes=routes,
        streaming=streaming,
    )


def get(path: str, query: str = "") -> UpstreamCall:
    """A GET that names no model."""
    return UpstreamCall("GET", path, query, {}, b"", None, (), streaming=False)


async def whole(reply: UpstreamReply) -> bytes:
    """The body to its end."""
    return b"".join([chunk async for chunk in reply.body])


async def fetched(upstream: Upstream, call: UpstreamCall) -> tuple[int, dict[str, object]]:
    """The status and the JSON object of an answer."""
    reply = await upstream.send(call)
    return reply.status, json.loads(await whole(reply))


def events_in(body: bytes) -> list[dict[str, object]]:
    """The JSON of every SSE event but `[DONE]`."""
    lines = [line for line in body.decode().split("\n") if line.startswith("data: ")]
    return [json.loads(line[6:]) for line in lines if line != "data: [DONE]"]
