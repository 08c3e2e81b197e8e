"""Streams as real servers send them, and what of each is kept: docs/fidelity.md tabulates them.

Each stands for a kind that public reports describe. `right` is what the message of the JSON form
holds, `top` what stands on the answer and `beside` what stands on its choice.
"""

import json
from dataclasses import dataclass, field
from typing import Any

BOTH, STREAM, NOTHING = "both forms", "the stream", "nothing"


@dataclass(frozen=True)
class Shape:
    """`sends` in a few words; `body` is the whole stream as it goes over the wire."""

    sends: str
    hit: str
    body: bytes
    kept: str = BOTH
    right: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)
    path: str = "/chat/completions"


HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
DONE = "data: [DONE]\n\n"


def event(**chunk: Any) -> str:
    """One chunk with a head of its own."""
    return f"data: {json.dumps({**HEAD, **chunk}, ensure_ascii=False)}\n\n"


def delta(finish: str | None = None, /, *, beside: Any = None, top: Any = None, **said: Any) -> str:
    """One chunk of one choice."""
    choice = {"index": 0, "delta": said, "finish_reason": finish, **(beside or {})}
    return event(choices=[choice], **(top or {}))


def stream(*events: str, finish: str = "stop", done: str = DONE) -> bytes:
    """The events, a finish reason and the end."""
    return "".join([*events, delta(finish), done]).encode()


def call(**piece: Any) -> str:
    """One chunk with one piece of a tool call."""
    return delta(tool_calls=[piece])


def function(name: str = "", arguments: str = "") -> dict[str, str]:
    """A function's piece."""
    return {"name": name, "arguments": arguments}


def called(ident: str, name: str, arguments: str) -> dict[str, Any]:
    """A whole call."""
    return {"id": ident, "type": "function", "function": function(name, arguments)}


def whole(index: int | None, ident: str, name: str, arguments: str) -> dict[str, Any]:
    """A whole call in one piece."""
    place = {} if index is None else {"index": index}
    return {**place, **called(ident, name, arguments)}


_AS_IT_CAME = "the stream as it came; JSON asks the upstream"
_CALL = called("call_a", "calc", "{}")
_WEATHER = called("call_a", "get_weather", '{"city":"Oslo"}')
_TIME = called("call_b", "get_time", "{}")
_THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Let me"}]}
_IMAGE = {"type": "image_url", "index": 0, "image_url": {"url": "data:image/png;base64,AA=="}}
_CITED = [{"type": "url_citation", "url_citation": {"url": f"https://{at}"}} for at in "ab"]
_SUMMARY = {"type": "reasoning.summary", "summary": "Add", "index": 0}
_ENCRYPTED = {"type": "reasoning.encrypted", "data": "gAAAA", "id": "rs_1", "index": 0}

CALLS = [
    Shape(
        'a continued tool call with `id: ""` and `name: ""`',
        "the id and the name that came first",
        stream(
            call(index=0, id="call_a", type="function", function=function("calc")),
            call(index=0, id="", type="", function=function("", "{}")),
            finish="tool_calls",
        ),
        right={"tool_calls": [_CALL]},
    ),
    Shape(
        "index 0 for every parallel call, under different ids",
        "each call apart, numbered anew",
        stream(
            call(**whole(0, "call_a", "get_weather", '{"city":"Oslo"}')),
            call(**whole(0, "call_b", "get_time", "{}")),
            finish="tool_calls",
        ),
        right={"tool_calls": [_WEATHER, _TIME]},
    ),
    Shape(
        "continued calls without an index",
        "the pieces in the last call",
        stream(
            call(id="call_a", type="function", function=function("f")),
            call(function={"arguments": '{"a":'}),
            call(index=None, function={"arguments": "1}"}),
            finish="tool_calls",
        ),
        right={"tool_calls": [called("call_a", "f", '{"a":1}')]},
    ),
    Shape(
        "an id and a name repeated in every delta",
        "both once",
        stream(
            call(index=0, id="call_a", type="function", function=function("f", "{")),
            call(index=0, id="call_a", type="function", function=function("f", "}")),
            finish="tool_calls",
        ),
        right={"tool_calls": [called("call_a", "f", "{}")]},
    ),
    Shape(
        "calls without ids at one index, under different names",
        _AS_IT_CAME,
        stream(
            call(index=0, function=function("f", "{}")),
            call(index=0, function=function("g", "{}")),
            finish="tool_calls",
        ),
        kept=STREAM,
    ),
    Shape(
        "a whole call sent again, so that its arguments add up to no JSON",
        _AS_IT_CAME,
        stream(
            call(**whole(0, "call_a", "f", '{"a":1}')),
            call(**whole(0, "call_a", "f", '{"a":1}')),
            finish="tool_calls",
        ),
        kept=STREAM,
    ),
    Shape(
        "another id in every delta, and the name in the first alone",
        _AS_IT_CAME,
        stream(
            call(index=0, id="a", type="function", function=function("calc")),
            call(index=0, id="b", function={"arguments": "{}"}),
            finish="tool_calls",
        ),
        kept=STREAM,
    ),
    Shape(
        "another id in every delta, and the name in each",
        _AS_IT_CAME,
        stream(
            call(index=0, id="a", type="function", function=function("calc")),
            call(index=0, id="b", type="function", function=function("calc", "{}")),
            finish="tool_calls",
        ),
        kept=STREAM,
    ),
    Shape(
        "the name again at one index, and no id",
        _AS_IT_CAME,
        stream(
            call(index=0, function=function("calc")),
            call(index=0, function=function("calc", "{}")),
            finish="tool_calls",
        ),
        kept=STREAM,
    ),
    Shape(
        "two pieces of one call in one delta",
        _AS_IT_CAME,
        stream(
            delta(
                tool_calls=[
                    {"index": 0, "id": "a", "function": function("f", "{}")},
                    {"index": 0, "function": function("f")},
                ]
            ),
            finish="tool_calls",
        ),
        kept=STREAM,
    ),
]

TEXTS = [
    Shape(
        '`role: ""` in later deltas',
        "`assistant`",
        stream(delta(role="assistant", content=""), delta(role="", content="Hello")),
        right={"role": "assistant", "content": "Hello"},
    ),
    Shape(
        "`content` as parts while a model thinks, then as text",
        "every part, in JSON as parts",
        stream(delta(content="First part. "), delta(content=[_THOUGHT]), delta(content="4")),
        right={
            "content": [
                {"type": "text", "text": "First part. "},
                _THOUGHT,
                {"type": "text", "text": "4"},
            ]
        },
    ),
    Shape(
        "a constant in every delta",
        "it once",
        stream(
            delta(channel="analysis", reasoning="a"),
            delta(channel="analysis", reasoning="b"),
            delta(content="x"),
        ),
        right={"channel": "analysis", "reasoning": "ab", "content": "x"},
    ),
    Shape(
        "an image sent twice under one index",
        "it once",
        stream(delta(content="x", images=[_IMAGE]), delta(images=[_IMAGE])),
        right={"images": [_IMAGE]},
    ),
    Shape(
        "reasoning items of two types under one index",
        "both items",
        stream(
            delta(reasoning_details=[_SUMMARY]), delta(reasoning_details=[_ENCRYPTED], content="x")
        ),
        right={"reasoning_details": [_SUMMARY, _ENCRYPTED]},
    ),
    Shape(
        "a text in a field that is not known as one, in pieces",
        _AS_IT_CAME,
        stream(delta(monologue="Let ", content="x"), delta(monologue="me see")),
        kept=STREAM,
    ),
    Shape(
        "a byte order mark before the first event",
        "the text without it",
        b"\xef\xbb\xbf" + stream(delta(content="First "), delta(content="second")),
        right={"content": "First second"},
    ),
    Shape(
        "a list of all sources so far in every delta",
        _AS_IT_CAME,
        stream(delta(content="a", annotations=_CITED[:1]), delta(annotations=_CITED)),
        kept=STREAM,
    ),
    Shape(
        "a source in every delta, and the last one again",
        _AS_IT_CAME,
        stream(
            delta(content="a", annotations=_CITED[:1]),
            delta(annotations=_CITED[1:]),
            delta(annotations=_CITED[1:]),
        ),
        kept=STREAM,
    ),
    Shape(
        "`annotations: []` in every delta",
        "the sources",
        stream(
            delta(content="a", annotations=[]), delta(annotations=_CITED), delta(annotations=[])
        ),
        right={"annotations": _CITED},
    ),
    Shape(
        "a thought in blocks without an index",
        _AS_IT_CAME,
        stream(
            delta(thinking_blocks=[{"type": "thinking", "thinking": "Let"}]),
            delta(thinking_blocks=[{"type": "thinking", "thinking": " me", "signature": "s"}]),
            delta(content="x"),
        ),
        kept=STREAM,
    ),
    Shape(
        "images and no text",
        "the images",
        stream(delta(content="", images=[_IMAGE])),
        right={"images": [_IMAGE]},
    ),
]

BESIDE = [
    Shape(
        "chunks with empty ids, models and dates behind the finish",
        "the first that are not empty",
        stream(delta(content="hi"), done="")
        + b'data: {"id":"","object":"","created":0,"model":"","citations":null,'
        b'"choices":[{"index":0,"finish_reason":null,"content_filter_offsets":{"end":2}}]}\n\n'
        + DONE.encode(),
        right={"content": "hi"},
        beside={"finish_reason": "stop", "content_filter_offsets": {"end": 2}},
        top={"id": "c", "created": 1, "model": "m"},
    ),
    Shape(
        "nulls and empty objects behind a value",
        "the value",
        stream(
            delta(
                content="hi",
                beside={"content_filter_results": {"hate": {"filtered": False}}},
                top={"citations": ["https://a"], "system_fingerprint": "fp"},
            ),
            delta(
                beside={"content_filter_results": {}},
                top={"citations": None, "system_fingerprint": None},
            ),
        ),
        beside={"content_filter_results": {"hate": {"filtered": False}}},
        top={"citations": ["https://a"], "system_fingerprint": "fp"},
    ),
    Shape(
        "lists beside the delta, a token a chunk",
        "the whole list",
        stream(
            delta(content="a", beside={"token_ids": [10]}),
            delta(content="b", beside={"token_ids": [10]}),
            delta(beside={"token_ids": [2]}),
        ),
        beside={"token_ids": [10, 10, 2]},
    ),
    Shape(
        "a `message` beside the delta",
        "what the deltas add up to",
        stream(
            delta(content="Hel", beside={"message": {"content": "Hel"}}),
            delta(content="lo", beside={"message": {"content": "lo"}}),
        ),
        right={"content": "Hello"},
    ),
    Shape(
        "the delta's text once more beside it, as `text`",
        "what the deltas add up to, in JSON; the stream as it came",
        stream(
            delta(beside={"text": "ha"}, content="ha"),
            delta(beside={"text": "ha"}, content="ha"),
            delta(beside={"text": ""}, content=""),
        ),
        right={"content": "haha"},
    ),
    Shape(
        "a whole `message` at the end that says more than the deltas",
        _AS_IT_CAME,
        stream(
            delta(content="Hello"),
            delta(beside={"message": {"content": "Hello", "annotations": _CITED}}),
        ),
        kept=STREAM,
    ),
    Shape(
        "a `message` in every chunk, and no deltas",
        _AS_IT_CAME,
        stream(
            delta(beside={"message": {"role": "assistant", "content": "Hel"}}),
            delta(beside={"message": {"role": "assistant", "content": "lo"}}),
        ),
        kept=STREAM,
    ),
    Shape(
        "a list beside the delta, and later another one",
        _AS_IT_CAME,
        stream(delta(content="x", top={"sources": ["a"]}), delta(top={"sources": ["b"]})),
        kept=STREAM,
    ),
    Shape(
        "a list of one number in every chunk",
        _AS_IT_CAME,
        stream(delta(content="x", top={"adapters": [3]}), delta(top={"adapters": [3]})),
        kept=STREAM,
    ),
    Shape(
        "two choices under one index in one chunk",
        _AS_IT_CAME,
        stream(event(choices=[{"delta": {"content": "a"}}, {"delta": {"content": "b"}}])),
        kept=STREAM,
    ),
    Shape(
        "the usage so far in every chunk",
        "the last one",
        stream(
            delta(content="x", top={"usage": {"total_tokens": 1, "details": [{"text": 1}]}}),
            delta(top={"usage": {"total_tokens": 2, "details": [{"text": 2}], "cost": 0}}),
        ),
        top={"usage": {"total_tokens": 2, "details": [{"text": 2}], "cost": 0}},
    ),
    Shape(
        '`finish_reason: "null"` until the finish',
        "the finish reason",
        stream(delta("null", content="x")),
        beside={"finish_reason": "stop"},
    ),
    Shape(
        "an empty `error` in every chunk",
        "the answer",
        stream(delta(content="x", top={"error": {}})),
        right={"content": "x"},
    ),
    Shape(
        '`finish_reason: ""` behind the finish reason',
        "the finish reason",
        stream(delta(content="x"), done=delta("") + DONE),
        beside={"finish_reason": "stop"},
    ),
    Shape(
        "`error: null`, `index: null`, `message: null` and `choices: null`",
        "the answer",
        stream(
            delta(content="x", beside={"index": None, "message": None}, top={"error": None}),
            done=event(choices=None, usage={"prompt_tokens": 1, "completion_tokens": 2}) + DONE,
        ),
        right={"content": "x"},
        top={"usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    ),
    Shape(
        "a log probability of the token `index` (text completions)",
        "every token's",
        b"".join(
            f"data: {json.dumps(chunk)}\n\n".encode()
            for chunk in (
                {
                    "choices": [
                        {
                            "index": 0,
                            "text": "index",
                            "logprobs": {"tokens": ["index"], "top_logprobs": [{"index": 0}]},
                        }
                    ]
                },
                {
                    "choices": [
                        {
                            "index": 0,
                            "text": "index",
                            "finish_reason": "stop",
                            "logprobs": {"tokens": ["index"], "top_logprobs": [{"index": 0}]},
                        }
                    ]
                },
            )
        )
        + DONE.encode(),
        beside={
            "text": "indexindex",
            "logprobs": {"tokens": ["index"] * 2, "top_logprobs": [{"index": 0}] * 2},
        },
        path="/completions",
    ),
]

ENDS = [
    Shape(
        "no `[DONE]` behind the finish reason, and the body ends",
        "the answer",
        stream(delta(content="hi"), delta(content=" there"), done=""),
        right={"content": "hi there"},
    ),
    Shape(
        "`data: [DONE] ` with a space behind it",
        "the answer",
        stream(delta(content="x"), done="data: [DONE] \n\n"),
        right={"content": "x"},
    ),
    Shape(
        "`data:[DONE]` without an empty line",
        "the answer",
        stream(delta(content="x"), done="data:[DONE]"),
        right={"content": "x"},
    ),
    Shape(
        "signs of life: events of the type `ping`",
        "the answer",
        stream(
            delta(content="a"),
            'event: ping\ndata: {"type": "ping"}\n\n',
            "data: {}\n\n",
            delta(content="b"),
        ),
        right={"content": "ab"},
    ),
    Shape(
        "a stream that is cut",
        "is not stored",
        (delta(content="half") + 'data: {"id":"c","choi').encode(),
        kept=NOTHING,
    ),
    Shape(
        "an error event, also behind a finish reason",
        "is not stored",
        stream(delta(content="x"), done='event: error\ndata: {"message":"over"}\n\n' + DONE),
        kept=NOTHING,
    ),
    Shape(
        "an error that is not named as one, also behind a finish reason",
        "is not stored",
        stream(delta(content="x"), done='data: {"message":"over","code":500}\n\n' + DONE),
        kept=NOTHING,
    ),
    Shape(
        "an object of the type `error`",
        "is not stored",
        stream(delta(content="x"), done='data: {"object":"error","message":"over"}\n\n' + DONE),
        kept=NOTHING,
    ),
    Shape(
        "a choice with an error",
        "is not stored",
        stream(delta(content="x", beside={"error": {"code": 502, "message": "over"}})),
        kept=NOTHING,
    ),
    Shape(
        "a line that one client reads and another passes over, as ` data:` and `error:`",
        "is not stored",
        stream(delta(content="x"), 'error: {"message":"over"}\n\n'),
        kept=NOTHING,
    ),
    Shape(
        "`length` or `content_filter` as finish reason",
        "is not stored",
        stream(delta(content="x"), finish="length"),
        kept=NOTHING,
    ),
    Shape(
        "a `stop` behind `length`",
        "is not stored",
        stream(delta(content="x"), delta("length")),
        kept=NOTHING,
    ),
    Shape(
        "NaN, infinities, or a number beyond a double",
        "is not stored",
        stream(delta(content="x", beside={"score": 1})).replace(b'"score": 1', b'"score": 1e400'),
        kept=NOTHING,
    ),
]

SHAPES = {
    "Tool calls": CALLS,
    "Text and other fields of a delta": TEXTS,
    "Beside the delta": BESIDE,
    "Ends": ENDS,
}
ALL = [shape for group in SHAPES.values() for shape in group]
