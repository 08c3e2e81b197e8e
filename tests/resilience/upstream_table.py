"""What a client sees when the upstream fails, found out by failing it, as a table for the docs.

`python -m resilience.upstream_table` (in tests/) writes docs/upstream-failures.md anew.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.answers import chat, chat_chunks, prompt_of
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import (
    Cut,
    Pause,
    Script,
    Send,
    Stall,
    answer,
    cut_after,
    head,
    sse,
    stream,
)

PAGE = Path(__file__).parents[2] / "docs" / "upstream-failures.md"
UPSTREAM_TIMEOUT_SECONDS = "10"  # for three tries with a second between, on a busy machine
_STREAM = stream([sse([event], done=False) for event in chat_chunks("one two three")])
_WHOLE = answer(chat("one two three"))
_HEADER = """# When the upstream fails

What a client of `POST /v1/chat/completions` sees, found by failing a scripted upstream in each way.
A connection error, 408, 409, 429 and 5xx are tried again, before the first byte only, with backoff
and within the deadline; "asked" counts the calls that reached the upstream. A 500 to a stream may
be about `stream_options`, which the proxy adds to learn the usage, so it is asked again without.
Of all that is listed here only a stream that came to its finish reason is stored, with or without
`[DONE]`. Written by `make failures`; a test fails when it is stale.

| the upstream | asked as | client sees | `code` or last event | `retry-after` | asked | stored |
|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Failure:
    """One way to fail; `streams` says whether the client asks for a stream."""

    name: str
    script: Script
    streams: bool = False


def error(status: int, message: str, **headers: str) -> Script:
    body = {"error": {"message": message, "type": "server_error", "param": None, "code": "theirs"}}
    return answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


FAILURES = (
    Failure("429 with `retry-after: 1`", error(429, "slow down", retry_after="1")),
    Failure("429 with `retry-after: 3600`", error(429, "slow down", retry_after="3600")),
    Failure("400", error(400, "no such parameter")),
    Failure("401", error(401, "wrong key")),
    Failure("500", error(500, "broken")),
    Failure("503", error(503, "overloaded")),
    Failure("503 with a page of HTML", answer(b"<html>", 503, {"content-type": "text/html"})),
    Failure("a reset before the answer", [Cut()]),
    Failure("a reset in the middle of a body", cut_after(_WHOLE, 150)),
    Failure("garbage instead of HTTP", [Send(b"\x00\xffwhat?\r\n\r\n"), Cut()]),
    Failure("no answer, ever", [Stall()]),
    Failure("200 and no JSON", answer(b"{", 200)),
    Failure("200 with `finish_reason: length`", answer({
        **chat("one"),
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "one"},
            "finish_reason": "length",
        }],
    })),
    Failure("429 before a stream", error(429, "slow down", retry_after="1"), streams=True),
    Failure("500 before a stream", error(500, "broken"), streams=True),
    Failure("half a stream, then a reset", cut_after(_STREAM, 400), streams=True),
    Failure("half a stream, then silence", [*_STREAM[:3], Stall()], streams=True),
    Failure("an error event in a stream", stream([
        sse([chat_chunks("one")[0]], done=False),
        sse([{"error": {"message": "overloaded", "type": "server_error", "code": "theirs"}}]),
    ]), streams=True),
    Failure("a stream without `[DONE]`", stream(
        [sse([event], done=False) for event in chat_chunks("one")]
    ), streams=True),
    Failure("headers, then silence", [head(200, {
        "content-type": "text/event-stream", "transfer-encoding": "chunked",
    }), Pause(0.1), Stall()], streams=True),
)  # fmt: skip


def page() -> str:
    """The page as it is true now."""
    with tempfile.TemporaryDirectory() as folder, ScriptedUpstream().in_thread() as upstream:
        settings = {
            "UPSTREAM_BASE_URL": upstream.base_url,
            "UPSTREAM_TIMEOUT_SECONDS": UPSTREAM_TIMEOUT_SECONDS,
        }
        with (
            proxy_process(Path(folder) / "data", **settings) as proxy,
            ThreadPoolExecutor(len(FAILURES)) as threads,
        ):
            rows = list(threads.map(partial(_row, proxy, upstream), FAILURES))
    return _HEADER + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(proxy: ProxyProcess, upstream: ScriptedUpstream, failure: Failure) -> Sequence[str]:
    upstream.when(failure.script, prompt=failure.name)
    asked_as = "stream" if failure.streams else "JSON"
    status, last, retry_after = _ask(proxy, failure)
    calls = sum(prompt_of(request) == failure.name for request in upstream.requests)
    again = httpx.post(
        f"{proxy.base_url}/chat/completions",
        json=_fields(failure),
        headers={"cache-control": "only-if-cached"},
        timeout=60,
    )
    stored = "no" if again.headers["x-cache"] == "MISS" else "yes"
    return failure.name, asked_as, status, last, retry_after, str(calls), stored


def _ask(proxy: ProxyProcess, failure: Failure) -> tuple[str, str, str]:
    """The status, what the answer ends with, and its `retry-after`."""
    url = f"{proxy.base_url}/chat/completions"
    with httpx.stream("POST", url, json=_fields(failure), timeout=60) as result:
        body = b"".join(result.iter_bytes()).decode("utf-8", "replace")
    retry_after = result.headers.get("retry-after", "–")
    if "event-stream" in result.headers["content-type"]:
        return str(result.status_code), _last_event(body), retry_after
    return str(result.status_code), _code(body), retry_after


def _fields(failure: Failure) -> dict[str, object]:
    messages = [{"role": "user", "content": failure.name}]
    return {"model": "m", "messages": messages, "stream": failure.streams}


def _last_event(body: str) -> str:
    data = list(_data(body))
    if data and data[-1] == "[DONE]":
        return f"{_code(data[-2])}, then `[DONE]`"
    return _code(data[-1]) if data else "an empty stream"


def _data(body: str) -> Iterator[str]:
    return (
        line.removeprefix("data:").strip() for line in body.splitlines() if line.startswith("data:")
    )


def _code(body: str) -> str:
    try:
        found = json.loads(body)
    except ValueError:
        return f"the body as it came: `{body}`"
    error = found.get("error")
    if isinstance(error, dict):
        return f"error `{error.get('code')}`"
    return "the answer as it came"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
