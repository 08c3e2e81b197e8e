"""Good answers of upstreams that do things their own way: none becomes an error of the proxy's."""

import gzip
import itertools
import json
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, NamedTuple

import httpx
import pytest

from llm_cache_proxy.domain.dialects.responses_stream import events as named_events
from samples.streamed_shapes import DONE, delta, event
from samples.streamed_shapes import stream as events
from servers.proxy.process import proxy_process
from servers.upstream.answers import chat
from servers.upstream.leaving import leave_once
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import (
    END,
    Cut,
    Pause,
    Script,
    Send,
    Stall,
    Until,
    answer,
    chunk,
    head,
    stream,
)
from servers.waiting import eventually

_prompts = itertools.count()
NAN = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"hi"},"logprobs":{"content":[{"token":"hi",'
    b'"logprob":VALUE,"top_logprobs":[]}]},"finish_reason":"stop"}]}'
)
NUMBERS = pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"Infinity", b"1e400"])
PAUSE_SECONDS = 4.0  # in which requests that were sent before have been read, however slowly
SOON_SECONDS = 40.0  # long before the upstream ends, or is given up
WHOLE = events(delta(content="hi"))


def response(text: str) -> dict[str, Any]:
    """A whole answer of the Responses API."""
    part = {"type": "output_text", "text": text, "annotations": []}
    said = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    head = {"id": "resp_1", "object": "response", "status": "completed", "error": None}
    return {**head, "output": [{**said, "content": [part]}]}


class Stand(NamedTuple):
    upstream: ScriptedUpstream
    url: str

    def ask(self, prompt: str, **more: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/chat/completions", json=body_of(prompt, **more), timeout=30)


def body_of(prompt: str, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}


def another() -> str:
    return f"prompt number {next(_prompts)}"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ScriptedUpstream().in_thread() as upstream:
        settings = {"UPSTREAM_BASE_URL": upstream.base_url, "UPSTREAM_API_KEY": "sk-upstream"}
        settings |= {"SEMANTIC_CACHE": "false", "UPSTREAM_RETRIES": "0"}
        with proxy_process(tmp_path_factory.mktemp("good") / "data", **settings) as proxy:
            made = Stand(upstream, proxy.base_url)
            made.ask("What is loaded first?", stream=True)
            yield made


def slowly(*parts: str) -> Script:
    first, *others = (chunk(part.encode()) for part in parts)
    apart = [step for other in others for step in (Pause(0.1), other)]
    return [*stream([], end=[first]), Pause(PAUSE_SECONDS), *apart, END]


ODD = {
    "no end": (delta(content="hi"), delta(content=" there"), delta("stop")),
    "null error": (delta(content="hi", top={"error": None}), delta("stop"), DONE),
    "null choices": (delta(content="hi"), delta("stop"), event(choices=None) + DONE),
    "null index": (delta(content="hi", beside={"index": None}), delta("stop"), DONE),
    "a space": (delta(content="hi"), delta("stop"), "data: [DONE] \n\n"),
    "no chunk": (delta(content="hi"), "data: what is this\n\n", delta("stop"), DONE),
    "too long": (delta(content="hi"), delta("length"), DONE),
    "empty error": (delta(content="hi", top={"error": {}}), delta("stop"), DONE),
    "empty data": (delta(content="hi"), "data:\n\n", delta("stop"), DONE),
    "half": (delta(content="hi"), delta(content=" there"), DONE),
    "cut": (delta(content="hi"), delta(content=" there")),
}
NO_ANSWER = ("no chunk", "half", "cut")
"""Whose stream says nothing to one that wants JSON."""


def together(stand: Stand, script: Script, prompt: str) -> list[httpx.Response]:
    """A stream, a stream that comes while it runs, and then the same as JSON."""
    before = len(stand.upstream.requests)
    stand.upstream.queue(script)

    def later(**more: Any) -> httpx.Response:
        eventually(lambda: len(stand.upstream.requests) > before)
        return stand.ask(prompt, **more)

    with ThreadPoolExecutor() as pool:
        running = [pool.submit(stand.ask, prompt, stream=True), pool.submit(later, stream=True)]
        running.append(pool.submit(later))
        return [each.result() for each in running]


@pytest.mark.parametrize("odd", ODD)
def test_identical_requests_in_flight_share_what_the_first_one_got(stand: Stand, odd: str) -> None:
    before = len(stand.upstream.requests)

    first, second, as_json = together(stand, slowly(*ODD[odd]), another())

    assert (first.status_code, second.status_code, as_json.status_code) == (200, 200, 200)
    assert "".join(ODD[odd]).strip() in first.text.strip()
    assert second.headers["x-cache"] == "COALESCED"
    assert '"hi' in second.text
    calls = 2 if odd in NO_ANSWER else 1
    assert len(stand.upstream.requests) == before + calls


def test_an_error_in_a_stream_reaches_followers_with_its_code_and_message(stand: Stand) -> None:
    error = {"message": "overloaded", "type": "server_error", "code": "engine_overloaded"}
    reply = f"data: {json.dumps({'error': error})}\n\n"

    first, second, as_json = together(stand, slowly(delta(content="hi"), reply), another())

    assert reply in first.text
    assert second.text == first.text
    assert (as_json.status_code, as_json.json()["error"]) == (502, error)


@NUMBERS
def test_a_number_that_json_lacks_is_passed_and_not_stored(stand: Stand, number: bytes) -> None:
    body, prompt = NAN.replace(b"VALUE", number), another()
    stand.upstream.queue(answer(body), answer(body))
    before = len(stand.upstream.requests)

    answers = [stand.ask(prompt), stand.ask(prompt)]

    assert [(each.status_code, each.content) for each in answers] == [(200, body)] * 2
    assert len(stand.upstream.requests) == before + 2


@NUMBERS
def test_a_stream_with_such_a_number_is_passed_to_its_end(stand: Stand, number: bytes) -> None:
    body = events(delta(content="hi", beside={"score": 7})).replace(b'"score": 7', b'"s":' + number)
    stand.upstream.queue(stream([body]))

    reply = stand.ask(another(), stream=True)

    assert reply.content == body


@pytest.mark.parametrize("end", [[Pause(60.0)], [Stall()], [Cut()]])
def test_an_answer_is_over_when_it_says_so(stand: Stand, end: Script) -> None:
    prompt, began = another(), time.monotonic()
    stand.upstream.queue(stream([WHOLE], end=end))

    reply = stand.ask(prompt, stream=True)

    assert reply.content == WHOLE
    assert time.monotonic() - began < SOON_SECONDS
    assert stand.ask(prompt).headers["x-cache"] == "HIT-EXACT"


@pytest.mark.parametrize("end", [[Stall()], [Cut()]])
def test_a_response_is_over_when_it_is_completed(stand: Stand, end: Script) -> None:
    fields, began = {"model": "m", "input": another(), "stream": True}, time.monotonic()
    body = named_events(response("hi")).encode()
    stand.upstream.queue(stream([body], end=end))

    reply = httpx.post(f"{stand.url}/responses", json=fields, timeout=30)

    assert reply.content == body
    assert time.monotonic() - began < SOON_SECONDS
    again = httpx.post(f"{stand.url}/responses", json=fields, timeout=30)
    assert again.headers["x-cache"] == "HIT-EXACT"


@NUMBERS
def test_a_response_with_a_number_that_json_lacks_passes_to_its_end(
    stand: Stand, number: bytes
) -> None:
    body = named_events({**response("hi"), "score": 7}).encode()
    body = body.replace(b'"score":7', b'"score":' + number)
    stand.upstream.queue(stream([body]))

    reply = httpx.post(
        f"{stand.url}/responses",
        json={"model": "m", "input": another(), "stream": True},
        timeout=30,
    )

    assert number in reply.content
    assert reply.content == body


def test_raw_utf8_in_headers_passes_both_ways(stand: Stand) -> None:
    note = "предел".encode()
    named = 'attachment; filename="отчёт.pdf"'.encode()
    data = json.dumps(chat("hi")).encode()
    lines = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    lines = lines % len(data) + b"x-ratelimit-note: " + note
    script = [Send(lines + b"\r\ncontent-disposition: " + named + b"\r\n\r\n" + data)]
    stand.upstream.queue(script, script)

    cached = httpx.post(
        f"{stand.url}/chat/completions",
        json=body_of(another()),
        headers=[(b"x-title", note), (b"x-other", note)],
        timeout=30,
    )
    passed = httpx.get(f"{stand.url}/files/f1/content", timeout=30)

    assert (cached.status_code, passed.status_code) == (200, 200)
    assert dict(cached.headers.raw)[b"x-upstream-ratelimit-note"] == note
    assert dict(passed.headers.raw)[b"content-disposition"] == named
    assert stand.upstream.requests[-2].headers["x-title"].encode("latin-1") == note


@pytest.mark.parametrize("coding", ["none", "UTF-8", "x-gzip", "X-GZIP", "identity, utf-8"])
def test_content_encodings_are_read_for_what_they_mean(stand: Stand, coding: str) -> None:
    data, prompt = json.dumps(chat("hi")).encode(), another()
    body = gzip.compress(data) if "gzip" in coding.lower() else data
    stand.upstream.queue(answer(body, headers={"content-encoding": coding}))

    reply = stand.ask(prompt)

    assert (reply.status_code, reply.content) == (200, data)
    assert stand.ask(prompt).headers["x-cache"] == "HIT-EXACT"


def test_an_error_in_an_unknown_encoding_passes(stand: Stand) -> None:
    stand.upstream.queue(answer(b"\x8b\x03\x80", 401, {"content-encoding": "br"}))

    with httpx.stream(
        "POST", f"{stand.url}/chat/completions", json=body_of(another()), timeout=30
    ) as reply:
        body = b"".join(reply.iter_raw())

    assert (reply.status_code, reply.headers["content-encoding"]) == (401, "br")
    assert body == b"\x8b\x03\x80"


@pytest.mark.parametrize(
    "path",
    [
        *(f"files/{name}" for name in ("a%2Fb", "a%3Fb=1", "a%23b", "a%25b", "a%20b")),
        "files/https%3A%2F%2Fb",
        "files/v1%2Fv1",
        "models/a%2Fb",
    ],
)
def test_a_passed_path_keeps_its_octets(stand: Stand, path: str) -> None:
    httpx.delete(f"{stand.url}/{path}", timeout=30)

    assert stand.upstream.requests[-1].path == f"/v1/{path}"


def test_the_query_is_part_of_what_is_asked(stand: Stand) -> None:
    prompt, url = another(), f"{stand.url}/chat/completions"

    reply = [
        httpx.post(url, json=body_of(prompt), params=query, timeout=30).headers["x-cache"]
        for query in ({"api-version": "1"}, {"api-version": "2"}, {"api-version": "1"}, {})
    ]

    assert reply == ["MISS", "MISS", "HIT-EXACT", "MISS"]


ERROR = {"message": "too long", "type": "invalid_request_error", "param": "messages", "code": "x"}


@pytest.mark.parametrize(
    ("content_type", "prefix"),
    [
        ("text/plain; charset=utf-8", ""),
        ("application/problem+json", ""),
        ("text/event-stream", "data: "),
        ("text/html", ""),
    ],
)
def test_an_error_is_read_as_json_whatever_its_type(
    stand: Stand, content_type: str, prefix: str
) -> None:
    body = (prefix + json.dumps({"error": ERROR}) + ("\n\n" if prefix else "")).encode()
    stand.upstream.queue(answer(body, 400, {"content-type": content_type}))

    reply = stand.ask(another())

    assert (reply.status_code, reply.json()["error"]) == (400, ERROR)


def test_a_list_of_errors_passes_whatever_its_type(stand: Stand) -> None:
    body = json.dumps([{"error": ERROR}]).encode()
    stand.upstream.queue(answer(body, 400, {"content-type": "text/plain"}))

    reply = stand.ask(another())

    assert (reply.status_code, reply.content) == (400, body)


def test_an_error_is_found_behind_a_sign_of_life(stand: Stand) -> None:
    events = f"event: ping\ndata: {{}}\n\ndata: {json.dumps({'error': ERROR})}\n\n"
    stand.upstream.queue(answer(events.encode(), 400, {"content-type": "text/event-stream"}))

    assert stand.ask(another()).json()["error"] == ERROR


@pytest.mark.parametrize("stream", [False, True])
def test_a_compression_that_is_flushed_and_never_ended_is_whole_where_the_body_is(
    stand: Stand, *, stream: bool
) -> None:
    data, prompt = WHOLE if stream else json.dumps(chat("hi")).encode(), another()
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
    named = {"content-type": "text/event-stream"} if stream else {}
    stand.upstream.queue(answer(packed, headers={"content-encoding": "gzip", **named}))

    assert stand.ask(prompt, stream=stream).content == data
    assert stand.ask(prompt).headers["x-cache"] == "HIT-EXACT"


@pytest.mark.parametrize("control", [b"\x01", b"\x7f"])
def test_a_control_character_in_a_header_costs_no_answer(stand: Stand, control: bytes) -> None:
    data = json.dumps(chat("hi")).encode()
    lines = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n" % len(
        data
    )
    stand.upstream.queue([Send(lines + b"openai-model: a" + control + b"b\r\n\r\n" + data)])

    reply = stand.ask(another())

    assert (reply.content, reply.headers["openai-model"]) == (data, "a b")


def test_an_error_is_read_in_its_own_charset(stand: Stand) -> None:
    error = {**ERROR, "message": "trop long: déjà"}
    body = json.dumps({"error": error}, ensure_ascii=False).encode("latin-1")
    stand.upstream.queue(answer(body, 400, {"content-type": "text/plain; charset=ISO-8859-1"}))

    assert stand.ask(another()).json()["error"] == error


def test_an_answer_in_several_gzip_members_is_read_to_its_end(stand: Stand) -> None:
    data, prompt = json.dumps(chat("hi")).encode(), another()
    members = b"".join(gzip.compress(part) for part in (data[:9], data[9:]))
    stand.upstream.queue(answer(members, headers={"content-encoding": "gzip"}))

    assert stand.ask(prompt).content == data
    assert stand.ask(prompt).headers["x-cache"] == "HIT-EXACT"


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json"])
def test_a_stream_under_another_content_type_is_relayed_and_kept(
    stand: Stand, content_type: str | None
) -> None:
    named = {"transfer-encoding": "chunked"} | (
        {"content-type": content_type} if content_type else {}
    )
    usage = event(choices=None, usage={"prompt_tokens": 1, "completion_tokens": 1})
    prompt, parts = another(), [delta(content="hi"), delta("stop"), usage + DONE]
    first_part, *others = [chunk(part.encode()) for part in parts]
    goes_on = Event()
    begins: Script = [head(200, named), first_part, Until(goes_on)]
    stand.upstream.queue([*begins, *others, Send(b"0\r\n\r\n")])

    with httpx.stream(
        "POST", f"{stand.url}/chat/completions", json=body_of(prompt, stream=True), timeout=30
    ) as reply:
        first = next(pieces := reply.iter_bytes())  # before the others are there
        goes_on.set()
        rest = b"".join(pieces)

    assert reply.headers["content-type"].startswith("text/event-stream")
    assert (first + rest).decode() == parts[0] + parts[1] + DONE
    assert stand.ask(prompt, stream=True).headers["x-cache"] == "HIT-EXACT"


def test_a_client_that_leaves_before_the_first_byte_cancels_the_call(stand: Stand) -> None:
    stand.upstream.queue([Stall()])
    before = len(stand.upstream.requests)

    leave_once(
        lambda: len(stand.upstream.requests) > before,
        f"{stand.url}/chat/completions",
        body_of(another(), stream=True),
    )

    assert stand.upstream.requests[-1].left.wait(60)
    assert len(stand.upstream.requests) == before + 1


def test_a_part_of_an_answer_is_not_stored(stand: Stand) -> None:
    prompt = another()
    stand.upstream.queue(answer(chat("part"), 206))

    assert stand.ask(prompt).status_code == 206
    assert stand.ask(prompt).headers["x-cache"] == "MISS"


@pytest.mark.parametrize("depth", [501, 950, 985, 20_000])
def test_a_request_nested_too_deeply_is_refused(stand: Stand, depth: int) -> None:
    body = json.dumps(body_of("x", extra=0)).replace(
        '"extra": 0', f'"extra": {"[" * depth}{"]" * depth}'
    )

    reply = httpx.post(
        f"{stand.url}/chat/completions",
        content=body,
        headers={"content-type": "application/json"},
        timeout=30,
    )

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_json")


REFUSED = {"error": {"message": "Incorrect API key.", "code": "invalid_api_key"}}


@pytest.mark.parametrize("status", [401, 403, 404, 500])
@pytest.mark.parametrize("path", ["models", "models/gpt-4o"])
def test_the_models_are_the_upstreams_own_error_where_it_lists_none(
    stand: Stand, path: str, status: int
) -> None:
    stand.upstream.queue(answer(REFUSED, status))

    reply = httpx.get(f"{stand.url}/{path}", timeout=30)

    assert (reply.status_code, reply.json()) == (status, REFUSED)
    assert (reply.headers["x-cache"], reply.headers["x-cache-reason"]) == (
        "ERROR",
        "upstream-error",
    )


def test_an_upstream_without_a_list_of_models_is_reported(stand: Stand) -> None:
    stand.upstream.queue(answer({"data": None}))

    reply = httpx.get(f"{stand.url}/models", timeout=30)

    assert reply.status_code == 502
    assert "lists no models" in reply.json()["error"]["message"]


def test_a_bare_list_of_models_is_served_beside_our_own_without_what_has_no_id(
    stand: Stand,
) -> None:
    listed = [{"id": "gpt-4o", "object": "model"}, {"name": "no id"}, "by-name"]
    stand.upstream.queue(answer(listed), answer(listed))

    every, one = (
        httpx.get(f"{stand.url}/models", timeout=30),
        httpx.get(f"{stand.url}/models/gpt-4o", timeout=30),
    )

    assert [model["id"] for model in every.json()["data"]] == [
        "gpt-4o",
        "by-name",
        "all-MiniLM-L6-v2",
    ]
    assert one.json() == listed[0]
