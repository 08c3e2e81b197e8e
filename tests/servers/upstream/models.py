"""Language models and caches in front of them, as ASGI apps: one plain, one without any care."""

import json
import secrets
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SSE = "text/event-stream"


def plain_model() -> Starlette:
    """Answers each request anew: an id and a number that no answer had before."""

    async def chat(request: Request) -> Response:
        fields = await request.json()
        return _refusal(fields) or _answer(fields)

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def careless_cache() -> Starlette:
    """What the probes are there to find: keyed on the start of the last text, and on nothing else.

    Keeps errors and cut answers, and gives every client the form it stored first.
    """
    kept: dict[str, dict[str, Any]] = {}

    async def chat(request: Request) -> Response:
        fields = await request.json()
        key = _last_text(fields).casefold().replace("dis", "en").replace("not ", "")[:12]
        if key not in kept:
            refused = _refusal(fields)
            answer = refused or _answer({**fields, "stream": False})
            kept[key] = json.loads(bytes(answer.body))
            if refused is not None:
                return refused
        return JSONResponse(kept[key])

    return Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])


def _last_text(fields: dict[str, Any]) -> str:
    content = fields["messages"][-1]["content"]
    return content if isinstance(content, str) else str(content[0]["text"])


def _refusal(fields: dict[str, Any]) -> JSONResponse | None:
    if isinstance(fields.get("temperature", 1), int | float):
        return None
    error = {"message": "no number", "type": "invalid_request_error", "param": None, "code": None}
    return JSONResponse({"error": error}, 400)


def _answer(fields: dict[str, Any]) -> Response:
    ident = f"chatcmpl-{secrets.token_hex(8)}"
    reason = "length" if fields.get("max_tokens", 99) < 5 else "stop"
    text = f"An answer. {secrets.randbelow(10**12):012}"
    head = {"id": ident, "created": 1, "model": fields["model"]}
    if fields.get("stream") is True:
        delta = {"role": "assistant", "content": text}
        chunks = [
            {**head, "object": "chat.completion.chunk", "choices": [choice]}
            for choice in (
                {"index": 0, "delta": delta, "finish_reason": None},
                {"index": 0, "delta": {}, "finish_reason": reason},
            )
        ]
        body = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)
        return Response(f"{body}data: [DONE]\n\n", media_type=SSE)
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
    return JSONResponse(whole)
