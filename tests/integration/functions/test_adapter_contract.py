"""The packaged completions function behind the Lambda Web Adapter: AWS's own, and our stand-in.

Both are held to the same tests. AWS's is built from its crate by cargo, release 0.9.1; the hooks
for SnapStart came after it, so those are the stand-in's alone.
"""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.demo_upstream import demo_upstream

from samples.stack.template import Stack
from servers.aws.lambda_emulator import rest_event
from servers.aws.runtime_api import PRELUDE_END
from servers.aws.streaming_function import (
    CHAT,
    Package,
    StreamingFunction,
    package,
    streaming_function,
    under_the_emulator,
)
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Close, Stall, answer, sse, stream
from servers.upstream.streams import chat_event
from servers.waiting import eventually

pytestmark = pytest.mark.timeout(1200)  # the first time, cargo builds the adapter

STREAMED = "application/vnd.awslambda.http-integration-response"
LARGE = 7_000_000
"""Bytes; an answer that is not streamed may have 6 MB."""


def asking(text: str, **fields: object) -> dict[str, object]:
    message = {"role": "user", "content": text}
    return {"model": "llama-3.1-8b-instant", "messages": [message], **fields}


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return package(tmp_path_factory.mktemp("packaged"))


@pytest.fixture(scope="module", params=["stand-in", "binary"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def function(kind: str, packaged: Package) -> Iterator[StreamingFunction]:
    with (
        demo_upstream("127.0.0.1") as upstream,
        streaming_function(kind, packaged, upstream) as made,
    ):
        yield made


def test_a_miss_and_then_a_hit_come_in_the_shape_that_api_gateway_streams(
    function: StreamingFunction,
) -> None:
    first, second = (function.ask(asking("What is an adapter?")) for _ in range(2))

    assert [one.prelude["statusCode"] for one in (first, second)] == [200, 200]
    assert first.headers["lambda-runtime-function-response-mode"] == "streaming"
    assert first.headers["content-type"] == STREAMED
    assert first.prelude["headers"]["x-cache"] == "MISS"
    assert second.prelude["headers"]["x-cache"] == "HIT-EXACT"
    assert json.loads(first.body)["choices"] == json.loads(second.body)["choices"]


def test_a_streamed_answer_passes_in_pieces(function: StreamingFunction) -> None:
    answered = function.ask(asking("What comes in pieces?", stream=True))

    assert answered.prelude["headers"]["content-type"].startswith("text/event-stream")
    assert answered.body.count(b"data: ") > 3
    assert answered.body.rstrip().endswith(b"data: [DONE]")
    assert len(answered.pieces) > 3


def test_a_plain_answer_is_a_streamed_hit_and_the_other_way_round(
    function: StreamingFunction,
) -> None:
    question = asking("What is one entry for both?")

    caches = [
        function.ask({**question, "stream": streamed}).prelude["headers"]["x-cache"]
        for streamed in (True, False, True)
    ]

    assert caches == ["MISS", "HIT-EXACT", "HIT-EXACT"]


def test_the_first_bytes_reach_lambda_before_the_upstream_has_sent_its_second_chunk(
    kind: str, packaged: Package
) -> None:
    """It never does: whoever waited for it would answer nothing."""
    first = sse([chat_event(0, {"role": "assistant", "content": "First"})], done=False)
    upstream = ScriptedUpstream()
    upstream.when(stream([first], end=[Stall()]))

    with (
        upstream.in_thread(),
        streaming_function(kind, packaged, upstream.base_url, UPSTREAM_API_KEY="key") as function,
    ):
        begun = function.begin("POST", CHAT, asking("What is first?", stream=True))
        eventually(lambda: begun.body_so_far(b"First"), seconds=30)

        assert not begun.ended.is_set()
        assert b"[DONE]" not in begun.body


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [(CHAT, {"model": "m"}, 400), ("/nothing", {"model": "m"}, 404)],
)
def test_an_error_keeps_its_status_and_openais_shape(
    function: StreamingFunction, path: str, body: object, status: int
) -> None:
    answered = function.begin("POST", path, body).wait()

    assert answered.prelude["statusCode"] == status
    assert json.loads(answered.body)["error"]["message"]


def test_a_stream_that_breaks_ends_its_answer_and_not_the_function(
    kind: str, packaged: Package
) -> None:
    first = sse([chat_event(0, {"role": "assistant", "content": "Broken"})], done=False)
    upstream = ScriptedUpstream()
    upstream.when(stream([first], end=[Close()]))

    with (
        upstream.in_thread(),
        streaming_function(kind, packaged, upstream.base_url, UPSTREAM_API_KEY="key") as function,
    ):
        broken = function.ask(asking("What breaks?", stream=True))
        health = function.begin("GET", "/health").wait()

    assert b"Broken" in broken.body
    assert b"[DONE]" not in broken.body
    assert health.prelude["statusCode"] == 200


def test_what_a_client_has_left_is_stored_for_the_next(function: StreamingFunction) -> None:
    """Lambda reads on, and tells nobody: no one waits for the first of these answers."""
    left = function.begin("POST", CHAT, asking("Who leaves?", stream=True))

    assert function.ask(asking("Who leaves?")).prelude["headers"]["x-cache"] == "HIT-EXACT"
    assert left.ended.is_set()


def test_a_request_of_lambdas_largest_size_is_answered(function: StreamingFunction) -> None:
    """6 MB with everything around it; our own limit is 5 MB, and says so."""
    answered = function.ask(asking("x" * 5_500_000))

    assert answered.prelude["statusCode"] == 413
    assert json.loads(answered.body)["error"]["message"]


def test_a_request_below_our_own_limit_passes(function: StreamingFunction) -> None:
    answered = function.ask(asking("word " * 400_000))

    assert answered.prelude["statusCode"] == 200


def test_an_answer_of_more_than_lambdas_6_mb_passes_whole(kind: str, packaged: Package) -> None:
    large = {"object": "list", "data": [{"id": "x" * LARGE}]}
    upstream = ScriptedUpstream()
    upstream.when(answer(large))

    with (
        upstream.in_thread(),
        streaming_function(kind, packaged, upstream.base_url, UPSTREAM_API_KEY="key") as function,
    ):
        answered = function.begin("GET", "/v1/files").wait()

    assert answered.prelude["statusCode"] == 200
    assert json.loads(answered.body) == large


def test_an_event_that_is_no_request_is_not_passed_on(function: StreamingFunction) -> None:
    """The console's test event; the adapter posts it to /events, which the app does not have."""
    answered = function.api.invoke({}).wait()

    assert b"error" in answered.raw


def test_adapter_and_server_end_in_order_on_sigterm(kind: str, packaged: Package) -> None:
    with (
        demo_upstream("127.0.0.1") as upstream,
        streaming_function(kind, packaged, upstream) as function,
    ):
        function.ask(asking("What ends?"))

        for process in (function.adapter, function.server):
            process.send_signal(signal.SIGTERM)

            assert process.wait(60) in (0, -signal.SIGTERM)
        assert function.api.extensions == ["lambda-adapter"]


def test_under_lambdas_own_emulator_a_miss_streams_to_its_end_and_a_hit_after_it(
    kind: str, packaged: Package, tmp_path: Path
) -> None:
    event = rest_event("POST", CHAT, asking("What emulates?", stream=True))

    with (
        demo_upstream("127.0.0.1") as upstream,
        under_the_emulator(kind, packaged, upstream, tmp_path) as function,
    ):
        answers = [function.raw(event).partition(PRELUDE_END) for _ in range(2)]

    preludes = [json.loads(prelude) for prelude, _, _ in answers]
    assert [prelude["headers"]["x-cache"] for prelude in preludes] == ["MISS", "HIT-EXACT"]
    assert all(body.rstrip().endswith(b"data: [DONE]") for _, _, body in answers)


def test_an_instance_wakes_from_its_snapshot_and_serves(packaged: Package) -> None:
    """The stand-in alone: the crate has no hooks."""
    with (
        demo_upstream("127.0.0.1") as upstream,
        streaming_function(
            "stand-in",
            packaged,
            upstream,
            stack=Stack(KeepWarm="snapstart"),
            AWS_LAMBDA_INITIALIZATION_TYPE="snap-start",
        ) as function,
    ):
        assert function.api.frozen.wait(60), "the function never waited in its snapshot"
        asked = function.begin("POST", CHAT, asking("What wakes?"))
        assert not asked.started.is_set()
        function.api.thaw.set()

        assert asked.wait().prelude["headers"]["x-cache"] == "MISS"
        assert function.ask(asking("What wakes?")).prelude["headers"]["x-cache"] == "HIT-EXACT"
