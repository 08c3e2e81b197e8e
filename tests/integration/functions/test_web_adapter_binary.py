"""The completions function behind AWS's own Lambda Web Adapter, built from its crate by cargo.

Lambda's side is the tests' (servers/aws/runtime_api.py), since Lambda's emulator keeps a streamed
answer back until its end. The adapter's crate is release 0.9.1: the hooks for SnapStart came after
it, and test_web_adapter.py sends them by hand.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from infra.demo_upstream import demo_upstream
from infra.sam_local.services import free_port
from infra.tools import NotInstalled, web_adapter

from samples.stack import ROOT, Stack
from servers.aws.lambda_emulator import rest_event
from servers.aws.runtime_api import Invocation, RuntimeApi, runtime_api
from servers.redis.process import redis_process
from servers.requirements import missing
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Close, Stall, sse, stream
from servers.upstream.streams import chat_event
from servers.waiting import eventually

pytestmark = pytest.mark.timeout(900)  # the first time, cargo builds the adapter

FOLDER = ROOT / "functions" / "completions"
CHAT = "/v1/chat/completions"
STREAMED = "application/vnd.awslambda.http-integration-response"
OF_THE_TEMPLATE = {
    name: value
    for name, value in Stack()
    .resources["CompletionsFunction"]["Properties"]["Environment"]["Variables"]
    .items()
    if name.startswith("AWS_LWA_")
}


def asking(text: str, **fields: object) -> dict[str, object]:
    message = {"role": "user", "content": text}
    return {"model": "llama-3.1-8b-instant", "messages": [message], **fields}


class Function:
    """The adapter and the web server behind it, as Lambda starts both."""

    def __init__(self, api: RuntimeApi, adapter: "subprocess.Popen[bytes]") -> None:
        self.api = api
        self.adapter = adapter

    def begin(self, method: str, path: str, body: Any = None) -> Invocation:
        return self.api.invoke(rest_event(method, path, body))

    def ask(self, body: Any) -> Invocation:
        return self.begin("POST", CHAT, body).wait()


@contextmanager
def behind_the_adapter(upstream: str, **environment: str) -> Iterator[Function]:
    try:
        binary = web_adapter()
    except NotInstalled as exc:
        missing(f"needs {exc}")
    given = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LAMBDA_TASK_ROOT": str(FOLDER),
        "AWS_LAMBDA_FUNCTION_NAME": "completions",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_STREAM_NAME": "s",
        "AWS_LAMBDA_LOG_GROUP_NAME": "g",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        **OF_THE_TEMPLATE,
        "AWS_LWA_PORT": str(free_port("127.0.0.1")),
        "UPSTREAM_BASE_URL": upstream,
        **environment,
    }
    with (
        redis_process() as redis_url,
        runtime_api() as (api, address),
        subprocess.Popen([FOLDER / "run.sh"], env={**given, "REDIS_URL": redis_url}) as app,
        subprocess.Popen([binary], env={**given, "AWS_LAMBDA_RUNTIME_API": address}) as adapter,
    ):
        try:
            yield Function(api, adapter)
        finally:
            for process in (adapter, app):
                process.terminate()
                process.wait(20)


@pytest.fixture(scope="module")
def function() -> Iterator[Function]:
    with demo_upstream("127.0.0.1") as upstream, behind_the_adapter(upstream) as made:
        yield made


def test_a_miss_and_then_a_hit_come_in_the_shape_that_api_gateway_streams(
    function: Function,
) -> None:
    first, second = (function.ask(asking("What is an adapter?")) for _ in range(2))

    assert [one.prelude["statusCode"] for one in (first, second)] == [200, 200]
    assert first.headers["lambda-runtime-function-response-mode"] == "streaming"
    assert first.headers["content-type"] == STREAMED
    assert first.prelude["headers"]["x-cache"] == "MISS"
    assert second.prelude["headers"]["x-cache"] == "HIT-EXACT"
    assert json.loads(first.body)["choices"] == json.loads(second.body)["choices"]


def test_a_streamed_answer_passes_in_pieces(function: Function) -> None:
    answered = function.ask(asking("What comes in pieces?", stream=True))

    assert answered.prelude["headers"]["content-type"].startswith("text/event-stream")
    assert answered.body.count(b"data: ") > 3
    assert answered.body.rstrip().endswith(b"data: [DONE]")
    assert len(answered.pieces) > 3


def test_the_first_bytes_reach_lambda_before_the_upstream_has_sent_its_second_chunk() -> None:
    """It never does: whoever waited for it would answer nothing."""
    first = sse([chat_event(0, {"role": "assistant", "content": "First"})], done=False)
    upstream = ScriptedUpstream()
    upstream.when(stream([first], end=[Stall()]))

    with (
        upstream.in_thread(),
        behind_the_adapter(upstream.base_url, UPSTREAM_API_KEY="key") as function,
    ):
        begun = function.begin("POST", CHAT, asking("What is first?", stream=True))
        eventually(lambda: begun.body_so_far(b"First"), seconds=30)

        assert not begun.ended.is_set()
        assert b"[DONE]" not in begun.body


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [(CHAT, {"model": "m"}, 400), ("/v1/chat/nothing", {"model": "m"}, 404)],
)
def test_an_error_keeps_its_status_and_openais_shape(
    function: Function, path: str, body: object, status: int
) -> None:
    answered = function.begin("POST", path, body).wait()

    assert answered.prelude["statusCode"] in (status, 403)
    assert json.loads(answered.body)["error"]["message"]


def test_a_stream_that_breaks_ends_its_answer_and_not_the_function() -> None:
    first = sse([chat_event(0, {"role": "assistant", "content": "Broken"})], done=False)
    upstream = ScriptedUpstream()
    upstream.when(stream([first], end=[Close()]))

    with (
        upstream.in_thread(),
        behind_the_adapter(upstream.base_url, UPSTREAM_API_KEY="key") as function,
    ):
        broken = function.ask(asking("What breaks?", stream=True))
        health = function.begin("GET", "/health").wait()

    assert b"Broken" in broken.body
    assert b"[DONE]" not in broken.body
    assert health.prelude["statusCode"] == 200


def test_a_request_of_lambdas_largest_size_is_answered(function: Function) -> None:
    """6 MB with everything around it; our own limit is 5 MB, and says so."""
    answered = function.ask(asking("x" * 5_500_000))

    assert answered.prelude["statusCode"] == 413
    assert json.loads(answered.body)["error"]["message"]


def test_a_request_below_our_own_limit_passes(function: Function) -> None:
    answered = function.ask(asking("word " * 400_000))

    assert answered.prelude["statusCode"] == 200


def test_what_is_no_request_goes_nowhere(function: Function) -> None:
    """The console's test event; the adapter posts it to /events, which the app does not have."""
    answered = function.api.invoke({}).wait()

    assert b"error" in answered.raw


def test_the_adapter_is_an_extension_that_ends_when_it_is_told_to() -> None:
    with demo_upstream("127.0.0.1") as upstream, behind_the_adapter(upstream) as function:
        function.ask(asking("What ends?"))

        function.adapter.send_signal(signal.SIGTERM)

        assert function.adapter.wait(20) in (0, -signal.SIGTERM)
        assert function.api.extensions == ["lambda-adapter"]
