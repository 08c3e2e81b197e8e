"""An upstream in this process for a start without any key: it says that it is one, and is slow.

Never opens a socket, and never gives an answer that could be taken for a model's.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence

from llm_cache_proxy.adapters.upstream.demo.answer import DemoAnswer, answer_to
from llm_cache_proxy.adapters.upstream.demo.chat import (
    chat_body,
    chat_events,
    text_body,
    text_events,
)
from llm_cache_proxy.adapters.upstream.demo.messages import (
    message_body,
    message_events,
    token_count,
)
from llm_cache_proxy.adapters.upstream.demo.responses import response_body, response_events
from llm_cache_proxy.adapters.upstream.demo.wire import (
    error_body,
    named_events,
    once,
    reply_headers,
    unnamed_events,
)
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import compact_text, parse_object
from llm_cache_proxy.domain.upstreams.config import GROQ_MODELS
from llm_cache_proxy.ports.upstream import Route, UpstreamCall, UpstreamReply

NAME = "demo"
MODELS = ("demo-model", *GROQ_MODELS)

Json = dict[str, object]
Sleep = Callable[[float], Awaitable[object]]

_MOST_CHOICES = 128
_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
_MESSAGES, _TOKEN_COUNT = "/messages", "/messages/count_tokens"
_PROMPTS = {
    "/chat/completions": "messages",
    "/completions": "prompt",
    "/responses": "input",
    _MESSAGES: "messages",
    _TOKEN_COUNT: "messages",
}


class DemoUpstream:
    """Answers any model's name after `first_token_seconds`, then a word per `word_seconds`.

    `now` gives Unix seconds for `created`.
    """

    def __init__(
        self,
        *,
        first_token_seconds: float = 0.8,
        word_seconds: float = 0.02,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._first_token_seconds = first_token_seconds
        self._word_seconds = word_seconds
        self._sleep = sleep
        self._now = now

    def routes(self, model: str, path: str = "") -> Sequence[Route]:  # noqa: ARG002 - the port's
        """Every model is answered for."""
        return [Route(NAME, model)]

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        """The answer, or an error in OpenAI's shape for what is not demonstrated."""
        path = call.path.rstrip("/")
        if path == "/models" and call.method == "GET":
            return self._whole(call, 200, {"object": "list", "data": await self.models()})
        if path not in _PROMPTS or call.method != "POST":
            return self._not_here(call, path)
        try:
            fields = parse_object(call.body)
        except InvalidRequest as exc:
            return self._whole(call, 400, error_body(exc.message, exc.code))
        prompt = fields.get(_PROMPTS[path])
        if not prompt or not isinstance(prompt, str | list):
            message = f"'{_PROMPTS[path]}' must be given, as text or a list."
            return self._whole(call, 400, error_body(message, None, _PROMPTS[path]))
        limit = next((fields[name] for name in _LIMITS if fields.get(name)), None)
        answer = answer_to(fields, prompt, limit)
        if path == _TOKEN_COUNT:
            return self._whole(call, 200, token_count(answer))
        await self._sleep(self._first_token_seconds)
        return await self._answered(call, path, fields, answer)

    async def models(self) -> list[dict[str, object]]:
        """The names that are worth trying; others work too."""
        return [{"id": name, "object": "model", "created": 0, "owned_by": NAME} for name in MODELS]

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _answered(
        self, call: UpstreamCall, path: str, fields: Json, answer: DemoAnswer
    ) -> UpstreamReply:
        model = _route(call).model
        created = int(self._now())
        asked_n = fields.get("n")
        count = min(asked_n, _MOST_CHOICES) if isinstance(asked_n, int) and asked_n > 1 else 1
        if fields.get("stream") is True:
            if path == "/responses":
                events = response_events(answer, fields, model, created)
                return self._streamed(call, named_events(events))
            if path == _MESSAGES:
                return self._streamed(call, named_events(message_events(answer, model)))
            shaped = chat_events if path == "/chat/completions" else text_events
            with_usage = _wants_usage(fields)
            parts = shaped(answer, model, created, count, with_usage=with_usage)
            return self._streamed(call, unnamed_events(parts))
        await self._sleep(self._word_seconds * len(answer.pieces))
        if path == "/responses":
            return self._whole(call, 200, response_body(answer, fields, model, created))
        if path == _MESSAGES:
            return self._whole(call, 200, message_body(answer, model))
        body = chat_body if path == "/chat/completions" else text_body
        return self._whole(call, 200, body(answer, model, created, count))

    def _not_here(self, call: UpstreamCall, path: str) -> UpstreamReply:
        if path == "/embeddings":
            message = f"The demonstration upstream embeds nothing: no model '{call.model}'."
            return self._whole(call, 404, error_body(message, "model_not_found", "model"))
        message = f"The demonstration upstream has no {call.method} {path}."
        return self._whole(call, 404, error_body(message, "not_found"))

    def _whole(self, call: UpstreamCall, status: int, body: Json) -> UpstreamReply:
        text = compact_text(body).encode()
        return UpstreamReply(status, reply_headers("application/json"), once(text), _route(call))

    def _streamed(self, call: UpstreamCall, lines: Iterable[str]) -> UpstreamReply:
        headers = reply_headers("text/event-stream; charset=utf-8")
        return UpstreamReply(200, headers, self._paced(lines), _route(call))

    async def _paced(self, lines: Iterable[str]) -> AsyncGenerator[bytes, None]:
        for number, line in enumerate(lines):
            if number:
                await self._sleep(self._word_seconds)
            yield line.encode()


def _route(call: UpstreamCall) -> Route:
    return call.routes[0] if call.routes else Route(NAME, call.model or MODELS[0])


def _wants_usage(fields: Json) -> bool:
    options = fields.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True
