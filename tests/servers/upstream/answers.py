"""What a scripted upstream says unasked: OpenAI's shapes with a counter in them."""

import json
from collections.abc import Mapping

from llm_cache_proxy.adapters.upstream.demo.answer import DemoAnswer
from llm_cache_proxy.adapters.upstream.demo.messages import (
    message_body,
    message_events,
    token_count,
)
from llm_cache_proxy.adapters.upstream.demo.responses import response_body, response_events
from servers.upstream.scripts import Pause, Recorded, Script, Step, answer, sse, stream

CREATED = 1_700_000_000
MODELS = ("scripted-model", "scripted-model-2")
OVERLOADED = {
    "error": {"message": "Overloaded.", "type": "server_error", "param": None, "code": None}
}


def prompt_of(request: Recorded) -> str:
    """The last message's text, or the legacy prompt, or the responses' input."""
    fields = request.fields
    messages = fields.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[-1], dict):
        content = messages[-1].get("content")
        return content if isinstance(content, str) else str(content)
    return str(fields.get("prompt") or fields.get("input") or "")


def chat(text: str, *, model: str = "scripted-model", ident: str = "1") -> dict[str, object]:
    """A whole chat completion."""
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _head("chat.completion", model, ident) | {"choices": [choice], "usage": usage(text)}


def message(text: str, *, model: str = "scripted-model") -> dict[str, object]:
    """A whole message, as Anthropic's."""
    return message_body(DemoAnswer("1", tuple(_words(text)), prompt_tokens=10), model)


def chat_chunks(
    text: str, *, model: str = "scripted-model", ident: str = "1", with_usage: bool = False
) -> list[dict[str, object]]:
    """The same as a stream's events, a word each."""
    said: list[dict[str, str]] = [{"content": word} for word in _words(text)]
    deltas = [{"role": "assistant", "content": ""}, *said, {}]
    reasons = [None] * (len(deltas) - 1) + ["stop"]
    start = _head("chat.completion.chunk", model, ident)
    events = [
        start
        | {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}]}
        for delta, reason in zip(deltas, reasons, strict=True)
    ]
    return [*events, start | {"choices": [], "usage": usage(text)}] if with_usage else events


def _words(text: str) -> list[str]:
    return [f" {word}" if number else word for number, word in enumerate(text.split(" "))]


def usage(text: str) -> dict[str, object]:
    """Ten tokens asked, a token a word answered."""
    said = len(text.split())
    return {"prompt_tokens": 10, "completion_tokens": said, "total_tokens": 10 + said}


class CountingAnswers:
    """Answers everything; texts contain the request's number, so that a cached one is known.

    The first byte comes after `first_byte_seconds`, each word of a stream after `word_seconds`.
    """

    def __init__(self, *, first_byte_seconds: float = 0.0, word_seconds: float = 0.0) -> None:
        self._first_byte_seconds = first_byte_seconds
        self._word_seconds = word_seconds

    def __call__(self, request: Recorded) -> Script:
        """The script for one request."""
        wait: list[Step] = [Pause(self._first_byte_seconds)] if self._first_byte_seconds else []
        return [*wait, *self._script(request)]

    def _script(self, request: Recorded) -> Script:
        parts = _streamed(request) if request.fields.get("stream") is True else None
        if parts is None:
            return answer(_message(request) or _whole(request))
        return stream(parts, pause_seconds=self._word_seconds)


def _streamed(request: Recorded) -> list[bytes] | None:
    """Each event's bytes; None where nothing is streamed."""
    text, model, ident = _said(request)
    if request.path.endswith("/chat/completions"):
        options = request.fields.get("stream_options")
        answer = isinstance(options, dict) and options.get("include_usage") is True
        events = chat_chunks(text, model=model, ident=ident, with_usage=answer)
        return [*(sse([event], done=False) for event in events), sse([])]
    if request.path.endswith("/responses"):
        said = DemoAnswer(ident, tuple(_words(text)), prompt_tokens=10)
        named = response_events(said, request.fields, model, CREATED)
        lines = [f"event: {event['type']}\ndata: {json.dumps(event)}" for event in named]
        return [sse([line], done=False) for line in lines]
    if request.path.endswith("/messages"):
        said = DemoAnswer(ident, tuple(_words(text)), prompt_tokens=10)
        return [_named_event(event) for event in message_events(said, model)]
    return None


def message_steps(text: str, *, model: str = "scripted-model") -> list[bytes]:
    """A message's events as they are streamed, a word each."""
    said = DemoAnswer("1", tuple(_words(text)), prompt_tokens=10)
    return [_named_event(event) for event in message_events(said, model)]


def _named_event(event: Mapping[str, object]) -> bytes:
    return sse([f"event: {event['type']}\ndata: {json.dumps(event)}"], done=False)


def _message(request: Recorded) -> dict[str, object] | None:
    """Anthropic's answers; None for other paths."""
    if "/messages" not in request.path:
        return None
    text, model, ident = _said(request)
    said = DemoAnswer(ident, tuple(_words(text)), prompt_tokens=10)
    counts = request.path.endswith("/count_tokens")
    return token_count(said) if counts else message_body(said, model)


def _whole(request: Recorded) -> dict[str, object]:
    text, model, ident = _said(request)
    match request.path.removeprefix("/v1"):
        case "/chat/completions":
            return chat(text, model=model, ident=ident)
        case "/completions":
            choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": "stop"}
            answer = {"choices": [choice], "usage": usage(text)}
            return _head("text_completion", model, ident) | answer
        case "/responses":
            said = DemoAnswer(ident, tuple(_words(text)), prompt_tokens=10)
            return response_body(said, request.fields, model, CREATED)
        case "/embeddings":
            return _embeddings(request, model)
        case "/models":
            return {"object": "list", "data": [_model(name) for name in MODELS]}
        case _:
            return {"number": request.number, "method": request.method, "path": request.path}


def _said(request: Recorded) -> tuple[str, str, str]:
    """The text, the model and the id of the answer to a request."""
    model = str(request.fields.get("model", MODELS[0]))
    text = f"Answer {request.number} to: {prompt_of(request)}"
    return text, model, f"scripted-{request.number}"


def _embeddings(request: Recorded, model: str) -> dict[str, object]:
    asked = request.fields.get("input")
    count = len(asked) if isinstance(asked, list) else 1
    data = [
        {"object": "embedding", "index": index, "embedding": [float(request.number), 0.5]}
        for index in range(count)
    ]
    answer = {"prompt_tokens": 3, "total_tokens": 3}
    return {"object": "list", "model": model, "data": data, "usage": answer}


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "scripted"}


def _head(kind: str, model: str, ident: str) -> dict[str, object]:
    return {"id": f"chatcmpl-{ident}", "object": kind, "created": CREATED, "model": model}
