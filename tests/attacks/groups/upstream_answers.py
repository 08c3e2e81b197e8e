"""What an upstream may answer: none of it is stored unless it is whole, and nothing of it harms."""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from attacks.case import Attack, Group, Request, asking
from attacks.target import Target
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.scripts import (
    END,
    Close,
    Cut,
    Script,
    Send,
    Stall,
    answer,
    chunk,
    cut_after,
    head,
    sse,
    stream,
)

_GZIP = 16 + zlib.MAX_WBITS
_WHOLE = answer(chat("one two three"))
_EVENTS = [sse([event], done=False) for event in chat_chunks("one two three")]
_STREAM = stream([*_EVENTS, sse([])])
_SSE = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
_BAD_GATEWAY = "502 upstream_unreachable, not stored"
_BOMB = f"{_BAD_GATEWAY} or closed, not stored"
_LATE = "504 upstream_timeout, not stored"
_REFUSED = "502 upstream_error, not stored"
_NOT_STORED = "200 MISS, not stored"
_STORED = "200 MISS, stored"


@dataclass(frozen=True)
class Answered:
    """The upstream plays `script` for a prompt; then it is looked up whether that was stored."""

    what: str
    script: Script | Callable[[], Script]
    prompt: str
    streams: bool = False

    @property
    def sent(self) -> str:
        """What the upstream does."""
        return f"upstream: {self.what}" + (", as a stream" if self.streams else "")

    def __call__(self, target: Target) -> str:
        """The client's status, and whether anything is in the cache."""
        script = self.script() if callable(self.script) else self.script
        target.upstream.when(script, prompt=self.prompt)
        fields = asking(self.prompt, stream=self.streams)
        first = Request(body=fields)(target)
        cached = {"cache-control": "only-if-cached", "x-cache-mode": "exact"}
        again = Request(body=fields, headers=cached).reply(target)
        kept = "stored" if again.status == 200 else "not stored"
        return f"{first}, {kept}"


def _plain(name: str, expected: str, what: str, script: Script | Callable[[], Script]) -> Attack:
    return Attack(name, expected, Answered(what, script, name))


def _streamed(name: str, expected: str, what: str, script: Script | Callable[[], Script]) -> Attack:
    return Attack(name, expected, Answered(what, script, name, streams=True))


def _completion(**changes: object) -> Script:
    whole = chat("one two three")
    return answer({**whole, **changes})


def _choice(reason: object, **message: object) -> Script:
    said = {"role": "assistant", "content": "one", **message}
    return _completion(choices=[{"index": 0, "message": said, "finish_reason": reason}])


def _error(status: int, body: object = None) -> Script:
    said = {"error": {"message": "no", "type": "server_error", "param": None, "code": "theirs"}}
    return answer(said if body is None else body, status)


def _gzipped(data: bytes) -> Script:
    return answer(gzip.compress(data), headers={"content-encoding": "gzip"})


def _encoded(name: str) -> Script:
    return answer(b"anything", headers={"content-encoding": name})


def _event(fields: object) -> bytes:
    return sse([fields], done=False)


@cache
def _bomb(window: int = _GZIP) -> bytes:
    """300 MB of zeros, a thousand times smaller."""
    packer = zlib.compressobj(wbits=window)
    zeros = bytes(1_000_000)
    return b"".join([*(packer.compress(zeros) for _ in range(300)), packer.flush()])


def _bombed(data: bytes, coding: str = "gzip") -> Script:
    return answer(data, headers={"content-encoding": coding})


@cache
def _huge() -> bytes:
    return json.dumps(chat("word " * 6_000_000)).encode()


def _long_stream() -> Script:
    event = _event(chat_chunks("y" * 60_000)[1])
    return stream([event] * 300)


def _long_event() -> Script:
    part = chunk(b"a" * 65_536)
    return [head(200, _SSE), chunk(b"data: "), *[part] * 500, END]


GROUP = Group(
    "Streams and upstream answers",
    [
        _plain("a refusal to connect on", _BAD_GATEWAY, "a reset before the answer", [Cut()]),
        _plain("half an answer", _BAD_GATEWAY, "a reset within the answer", cut_after(_WHOLE, 150)),
        _plain(
            "an answer shorter than its length",
            _BAD_GATEWAY,
            "the end within the answer",
            cut_after(_WHOLE, 150, Close()),
        ),
        _plain(
            "no HTTP", _BAD_GATEWAY, "noise in place of HTTP", [Send(b"\x00\xffno\r\n\r\n"), Cut()]
        ),
        _plain("silence", _LATE, "no answer, ever", [Stall()]),
        _plain(
            "silence behind the head",
            _LATE,
            "a head, and silence",
            [head(200, {"content-length": "9"}), Stall()],
        ),
        _plain(
            "a head of 200 KB",
            _BAD_GATEWAY,
            "a header of 200 KB",
            answer(b"{}", headers={"x": "a" * 200_000}),
        ),
        _plain(
            "two lengths from upstream",
            _BAD_GATEWAY,
            "two lengths that differ",
            [Send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n{}"), Close()],
        ),
        _plain(
            "an answer of no chunk's size",
            _BAD_GATEWAY,
            "a chunk of size `zz`",
            [head(200, {"transfer-encoding": "chunked"}), Send(b"zz\r\n"), Close()],
        ),
        _plain(
            "a redirect to elsewhere",
            _REFUSED,
            "302 to another host",
            answer(b"", 302, {"location": "http://evil.example/"}),
        ),
        _plain(
            "a redirect to this machine",
            _REFUSED,
            "307 to a metadata service",
            answer(b"", 307, {"location": "http://169.254.169.254/"}),
        ),
        _plain("200 and no JSON", _NOT_STORED, "200 with `{`", answer(b"{")),
        _plain("200 and nothing", _NOT_STORED, "200 with no body", answer(b"")),
        _plain("200 and an array", _NOT_STORED, "200 with `[]`", answer(b"[]")),
        _plain(
            "200 and HTML",
            _NOT_STORED,
            "200 with a page",
            answer(b"<html>", headers={"content-type": "text/html"}),
        ),
        _plain(
            "200 and an error",
            _NOT_STORED,
            "200 with an error object",
            answer({"error": {"message": "no", "type": "x", "param": None, "code": None}}),
        ),
        _plain(
            "an answer nested 50,000 deep",
            _NOT_STORED,
            "arrays 50,000 deep",
            answer(b"[" * 50_000 + b"]" * 50_000),
        ),
        _plain(
            "an answer that is no UTF-8",
            _NOT_STORED,
            "bytes that are no UTF-8",
            answer(b'{"choices": "\xff"}'),
        ),
        _plain(
            "an answer of UTF-16",
            _NOT_STORED,
            "a completion in UTF-16",
            answer(json.dumps(chat("one")).encode("utf-16")),
        ),
        _plain("no choices", _NOT_STORED, "`choices: []`", _completion(choices=[])),
        _plain("choices that are null", _NOT_STORED, "`choices: null`", _completion(choices=None)),
        _plain(
            "an answer that was cut at its length",
            _NOT_STORED,
            "`finish_reason: length`",
            _choice("length"),
        ),
        _plain(
            "an answer that was filtered",
            _NOT_STORED,
            "`finish_reason: content_filter`",
            _choice("content_filter"),
        ),
        _plain("an answer without an end", _NOT_STORED, "`finish_reason: null`", _choice(None)),
        _plain(
            "tokens beyond 64 bits",
            _STORED,
            "`prompt_tokens: 10^30`",
            _completion(usage={"prompt_tokens": 10**30, "completion_tokens": 1}),
        ),
        _plain(
            "tokens below zero",
            _STORED,
            "`prompt_tokens: -5`",
            _completion(usage={"prompt_tokens": -5, "completion_tokens": 1}),
        ),
        _plain("usage that is a text", _STORED, '`usage: "many"`', _completion(usage="many")),
        *(
            _plain(
                f"status {status}",
                f"{status} theirs, not stored",
                f"status {status}",
                _error(status),
            )
            for status in (400, 401, 403, 404, 422)
        ),
        _plain(
            "an error page of HTML",
            "503 upstream_503, not stored",
            "503 with a page",
            answer(b"<html>", 503, {"content-type": "text/html"}),
        ),
        _plain(
            "gzip", _STORED, "a whole answer in gzip", _gzipped(json.dumps(chat("one")).encode())
        ),
        _plain(
            "deflate",
            _STORED,
            "a whole answer in deflate",
            answer(
                zlib.compress(json.dumps(chat("one")).encode()),
                headers={"content-encoding": "deflate"},
            ),
        ),
        _plain(
            "gzip that is none",
            _BAD_GATEWAY,
            "`content-encoding: gzip` and plain text",
            answer(b"plain text", headers={"content-encoding": "gzip"}),
        ),
        _plain(
            "half of a gzip",
            "502 upstream_unreachable, not stored or 200 MISS, not stored",
            "half of a gzip",
            answer(gzip.compress(b"{}" * 900)[:20], headers={"content-encoding": "gzip"}),
        ),
        *(
            _plain(
                f"an answer in {name}", _NOT_STORED, f"`content-encoding: {name}`", _encoded(name)
            )
            for name in ("br", "zstd", "nonsense")
        ),
        _streamed(
            "a stream that is reset",
            _NOT_STORED,
            "a reset within the stream",
            cut_after(_STREAM, 500),
        ),
        _streamed(
            "a stream that just ends",
            _NOT_STORED,
            "the end of the connection",
            cut_after(_STREAM, 500, Close()),
        ),
        _streamed(
            "a stream that stalls",
            _NOT_STORED,
            "silence within the stream",
            [*_STREAM[:3], Stall()],
        ),
        _streamed(
            "a stream without an end", _NOT_STORED, "no `[DONE]`, no reason", stream(_EVENTS[:-1])
        ),
        _streamed(
            "a stream with an error in it",
            _NOT_STORED,
            "an error event",
            stream([*_EVENTS[:2], _event({"error": {"message": "no"}}), sse([])]),
        ),
        _streamed(
            "events that are no JSON",
            _NOT_STORED,
            "`data: {`",
            stream([*_EVENTS[:2], b"data: {\n\n", *_EVENTS[2:], sse([])]),
        ),
        _streamed(
            "events that are arrays", _NOT_STORED, "`data: []`", stream([b"data: []\n\n", sse([])])
        ),
        _streamed("an empty stream", _NOT_STORED, "no event at all", stream([])),
        _streamed("a stream that is only done", _NOT_STORED, "`[DONE]` alone", stream([sse([])])),
        _streamed(
            "events nested 50,000 deep",
            _NOT_STORED,
            "an event 50,000 deep",
            stream([b"data: " + b"[" * 50_000 + b"\n\n", sse([])]),
        ),
        _streamed(
            "a choice of number 10^9",
            "200 MISS, stored or 200 MISS, not stored",
            "`index: 1000000000`",
            stream(
                [
                    _event(
                        chat_chunks("one")[1]
                        | {
                            "choices": [
                                {"index": 10**9, "delta": {"content": "x"}, "finish_reason": "stop"}
                            ]
                        }
                    ),
                    sse([]),
                ]
            ),
        ),
        _streamed(
            "a choice of number -1",
            "200 MISS, stored or 200 MISS, not stored",
            "`index: -1`",
            stream(
                [
                    _event(
                        chat_chunks("one")[1]
                        | {
                            "choices": [
                                {"index": -1, "delta": {"content": "x"}, "finish_reason": "stop"}
                            ]
                        }
                    ),
                    sse([]),
                ]
            ),
        ),
        _streamed(
            "events in single bytes",
            _STORED,
            "a chunk a byte",
            stream([bytes([byte]) for byte in b"".join([*_EVENTS, sse([])])]),
        ),
        _streamed(
            "words of another script, split anywhere",
            _STORED,
            "letters of three bytes, a chunk a byte",
            stream(
                [
                    bytes([byte])
                    for byte in b"".join(
                        [
                            *(
                                sse([event], done=False)
                                for event in chat_chunks("\u4f60\u597d \u4e16\u754c")
                            ),
                            sse([]),
                        ]
                    )
                ]
            ),
        ),
        _streamed(
            "events with carriage returns",
            _STORED,
            "lines that end in CR LF",
            stream([sse(chat_chunks("one two"), newline="\r\n")]),
        ),
        _streamed(
            "comments between events",
            _STORED,
            "`: ping` between events",
            stream([*(b": ping\n\n" + event for event in _EVENTS), sse([])]),
        ),
        _streamed(
            "events behind the end",
            "200 MISS, stored or 200 MISS, not stored",
            "an event behind `[DONE]`",
            stream([*_EVENTS, sse([]), _EVENTS[1]]),
        ),
        _streamed(
            "a stream that is plain JSON",
            "200 MISS, stored or 200 MISS, not stored",
            "a whole answer in place of a stream",
            _WHOLE,
        ),
        _streamed(
            "an error before a stream",
            "400 theirs, not stored",
            "400 in place of a stream",
            _error(400),
        ),
        _streamed(
            "chunks that are cut",
            _NOT_STORED,
            "a chunk shorter than its size",
            [head(200, _SSE), chunk(_EVENTS[0]), Send(b"ff\r\nabc"), Close()],
        ),
        _plain(
            "an answer of 30 MB",
            _NOT_STORED,
            "a whole answer of 30 MB",
            lambda: answer(_huge()),
        ),
        _plain(
            "an answer of 60 MB without a length",
            _NOT_STORED,
            "chunks of 60 MB in all",
            lambda: stream([b" " * 1_000_000] * 60, headers={"content-type": "application/json"}),
        ),
        _plain(
            "an error of 30 MB",
            "500, not stored or 500 not in OpenAI's shape, not stored or 500 theirs, not stored",
            "500 with 30 MB",
            lambda: answer(b" " * 30_000_000, 500),
        ),
        _streamed("a stream of 20 MB", _NOT_STORED, "events of 20 MB in all", _long_stream),
        _streamed(
            "an event of 33 MB",
            _NOT_STORED,
            "one event of 33 MB",
            _long_event,
        ),
        _plain(
            "a gzip bomb of 300 MB",
            _BOMB,
            "0.3 MB of gzip that become 300 MB",
            lambda: _bombed(_bomb()),
        ),
        _plain(
            "a gzip bomb in a gzip bomb",
            _BOMB,
            "a bomb of 300 MB, and gzip around it",
            lambda: _bombed(gzip.compress(_bomb()), "gzip, gzip"),
        ),
        _plain(
            "a bomb in deflate",
            _BOMB,
            "deflate that becomes 300 MB",
            lambda: _bombed(_bomb(zlib.MAX_WBITS), "deflate"),
        ),
        _streamed(
            "a bomb as a stream",
            _BOMB,
            "0.3 MB of gzip that become 300 MB",
            lambda: _bombed(_bomb()),
        ),
    ],
)
