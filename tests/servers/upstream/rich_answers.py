"""Answers in which every part of OpenAI's shapes occurs, whole and as awkward streams.

The prompt names the answer, so that the same question always has the same one.
"""

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from fakes.embedding_upstream import embedding_answer
from llm_cache_proxy.domain.dialects import responses_stream
from servers.upstream.answers import prompt_of
from servers.upstream.rich_messages import rich_message
from servers.upstream.scripts import Recorded, Script, answer, pieces, sse, stream

Json = dict[str, Any]
TOKEN = {"token": "Grüße", "logprob": -0.25, "bytes": [71], "top_logprobs": []}
CITY = {"name": "Köln", "people": 1_084_831, "twins": ["Liverpool", "Torino"]}


def _call(ident: str, name: str, **arguments: object) -> Json:
    answer = json.dumps(arguments, ensure_ascii=False)
    return {"id": ident, "type": "function", "function": {"name": name, "arguments": answer}}


def _choice(
    index: int = 0, finish: str = "stop", logprobs: Json | None = None, **said: Any
) -> Json:
    message = {"role": "assistant", "content": None, "refusal": None, **said}
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}


CHATS: dict[str, list[Json]] = {
    "plain": [_choice(content="Grüße 𝄞 aus\n\n dem „Rechner“.")],
    "several": [_choice(index, content=f"Answer {index}, 𝄞.") for index in range(3)],
    "tools": [
        _choice(
            finish="tool_calls",
            tool_calls=[
                _call("call_1", "weather", city="Köln", days=3),
                _call("call_2", "time", zone="Europe/Berlin"),
            ],
        )
    ],
    "words and tools": [
        _choice(finish="tool_calls", content="Let me see.", tool_calls=[_call("call_3", "weather")])
    ],
    "schema": [_choice(content=json.dumps(CITY, ensure_ascii=False))],
    "refusal": [_choice(refusal="I cannot help with that.")],
    "logprobs": [_choice(content="Grüße", logprobs={"content": [TOKEN, TOKEN], "refusal": None})],
    "reasoning": [_choice(content="42", reasoning_content="Six by seven.", reasoning="Six …")],
    "audio": [_choice(audio={"id": "a", "data": "UklGRg==", "transcript": "Hi", "expires_at": 5})],
    "citations": [_choice(content="See [1].", annotations=[{"type": "url_citation", "url": "u"}])],
}

_PART = {"type": "output_text", "text": "Grüße 𝄞.", "annotations": [], "logprobs": []}
_MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
RESPONSES: dict[str, list[Json]] = {
    "plain": [{**_MESSAGE, "content": [_PART]}],
    "schema": [{**_MESSAGE, "content": [{**_PART, "text": json.dumps(CITY)}]}],
    "refusal": [{**_MESSAGE, "content": [{"type": "refusal", "refusal": "No."}]}],
    "tools": [
        {
            "id": f"fc_{number}",
            "type": "function_call",
            "status": "completed",
            "call_id": f"call_{number}",
            "name": "weather",
            "arguments": '{"city":"Köln"}',
        }
        for number in range(2)
    ],
    "reasoning": [
        {
            "id": "rs_1",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "Six by seven."}],
            "encrypted_content": "gAAAA",
        },
        {**_MESSAGE, "content": [{**_PART, "text": "42"}]},
    ],
    "citations": [
        {
            **_MESSAGE,
            "content": [
                {
                    **_PART,
                    "annotations": [
                        {
                            "type": "url_citation",
                            "url": "https://a.example",
                            "title": "A",
                            "start_index": 0,
                            "end_index": 5,
                        }
                    ],
                }
            ],
        }
    ],
}


NAMED: dict[str, Json] = {
    "/messages/count_tokens": {"input_tokens": 2_095},
    "/moderations": {
        "id": "modr-1",
        "model": "omni-moderation",
        "results": [
            {
                "flagged": True,
                "categories": {"hate": True, "self-harm/intent": False},
                "category_scores": {"hate": 0.98, "self-harm/intent": 1.2e-05},
                "category_applied_input_types": {"hate": ["text"], "self-harm/intent": []},
            }
        ],
    },
    "/rerank": {
        "results": [{"index": 1, "relevance_score": 0.98}, {"index": 0, "relevance_score": 0}]
    },
    "/images/generations": {
        "created": 1_700_000_000,
        "background": "opaque",
        "output_format": "png",
        "quality": "high",
        "size": "1024x1024",
        "data": [{"b64_json": "AAAA", "revised_prompt": "A cat, grüßend."}, {"b64_json": "//8="}],
        "usage": {
            "input_tokens": 3,
            "output_tokens": 5,
            "total_tokens": 8,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": 3},
        },
    },
    "/audio/transcriptions": {
        "text": "Grüße 𝄞.",
        "language": "german",
        "duration": 2.04,
        "logprobs": [{"token": "Gr", "bytes": [71, 114], "logprob": -0.25}],
        "segments": [
            {
                "id": 0,
                "seek": 0,
                "start": 0.0,
                "end": 2.04,
                "text": "Grüße 𝄞.",
                "tokens": [50364, 2425],
                "temperature": 0.0,
                "avg_logprob": -0.286,
                "compression_ratio": 1.25,
                "no_speech_prob": 0.0098,
            }
        ],
        "words": [{"word": "Grüße", "start": 0.0, "end": 0.5}],
        "usage": {"type": "duration", "seconds": 2},
        "x_vendor": {"took": 12345678901234567890},
    },
    "/audio/translations": {
        "text": "Greetings 𝄞.",
        "language": "english",
        "duration": 2.04,
        "segments": [],
        "x_vendor": {"took": 12345678901234567890},
    },
}
"""Answers by path, whatever is asked."""


def rich_answer(request: Recorded) -> Script:
    """The answer that the prompt names, in pieces of three bytes where it is streamed."""
    name = prompt_of(request)
    streamed = request.fields.get("stream") is True
    path = request.path.removeprefix("/v1")
    if path in NAMED:
        return answer(NAMED[path])
    if path == "/messages":
        return rich_message(name, streamed=streamed)
    if request.path.endswith("/responses"):
        response = whole_response(name)
        result = responses_stream.events(response).encode()
    elif request.path.endswith("/chat/completions"):
        response = whole_chat(name)
        options = request.fields.get("stream_options")
        wanted = isinstance(options, dict) and options.get("include_usage") is True
        result = sse([": keep-alive", *_chunks(response, with_usage=wanted)], newline="\r\n")
    elif request.path.endswith("/embeddings"):
        embedded = embedding_answer(request.fields)
        return answer({"id": "embd-1", **embedded, "x_vendor": {"took": 12345678901234567890}})
    else:
        response = _whole_text(name)
        result = sse(_text_chunks(response))
    return stream(pieces(result, 3)) if streamed else answer(response)


def whole_chat(name: str) -> Json:
    """The chat completion of that name."""
    usage = {
        "prompt_tokens": 12,
        "completion_tokens": 34,
        "total_tokens": 46,
        "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 7},
    }
    return {
        "id": f"chatcmpl-{len(name)}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "rich-2026-01-01",
        "choices": CHATS[name],
        "usage": usage,
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "x_vendor": {"id": "v", "took": [0.25, None, 12345678901234567890]},
    }


def whole_response(name: str) -> Json:
    """The response of that name."""
    return {
        "id": f"resp_{len(name)}",
        "object": "response",
        "created_at": 1_700_000_000,
        "completed_at": 1_700_000_001,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": "rich-2026-01-01",
        "output": RESPONSES[name],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": 12,
            "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 0},
            "output_tokens": 34,
            "output_tokens_details": {"reasoning_tokens": 7},
            "total_tokens": 46,
        },
        "x_vendor": {"took": [0.25, None]},
    }


def _whole_text(name: str) -> Json:
    choice = {"index": 0, "text": f" {name}, 𝄞", "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1_700_000_000}
    return {**head, "model": "rich-2026-01-01", "choices": [choice], "usage": usage}


def _text_chunks(completion: Json) -> Iterator[Json]:
    head = {name: value for name, value in completion.items() if name not in {"choices", "usage"}}
    [choice] = completion["choices"]
    for part in _cut(choice["text"]):
        yield {**head, "choices": [{**choice, "text": part, "finish_reason": None}]}
    yield {**head, "choices": [{**choice, "text": ""}]}


def _chunks(completion: Json, *, with_usage: bool) -> Iterator[Json]:
    """Choices in turns, texts in pieces of three letters, tool calls interleaved."""
    beside = {"choices", "usage", "object", "x_vendor"}
    head = {name: value for name, value in completion.items() if name not in beside}
    head["object"] = "chat.completion.chunk"
    queues = [list(_parts(choice)) for choice in completion["choices"]]
    turns = [part for turn in zip_longest(*queues) for part in turn if part is not None]
    for number, part in enumerate(turns):
        extra = {"x_vendor": completion["x_vendor"]} if number == len(turns) - 1 else {}
        yield {**head, **extra, "choices": [part]}
    if with_usage:
        yield {**head, "choices": [], "usage": completion["usage"]}


def _parts(choice: Json) -> Iterator[Json]:
    message, place = dict(choice["message"]), {"index": choice["index"], "finish_reason": None}
    calls = message.pop("tool_calls", [])
    yield {**place, "delta": {"role": message.pop("role"), "content": None, "refusal": None}}
    for name, value in message.items():
        parts = _cut(value) if isinstance(value, str) else [value]
        yield from ({**place, "delta": {name: part}} for part in parts if part is not None)
    for token in (choice["logprobs"] or {}).get("content", []):
        yield {**place, "delta": {}, "logprobs": {"content": [token], "refusal": None}}
    opened = [
        {"index": at, **call, "function": {**call["function"], "arguments": ""}}
        for at, call in enumerate(calls)
    ]
    yield from ({**place, "delta": {"tool_calls": [call]}} for call in opened)
    for turn in zip_longest(*(_cut(call["function"]["arguments"]) for call in calls)):
        for at, part in enumerate(turn):
            if part is not None:
                said = {"index": at, "function": {"arguments": part}}
                yield {**place, "delta": {"tool_calls": [said]}}
    yield {"index": choice["index"], "delta": {}, "finish_reason": choice["finish_reason"]}


def _cut(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]
