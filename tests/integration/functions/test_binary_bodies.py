"""Sounds and files through a function that buffers: base64 in the event, both ways."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from servers.aws.lambda_emulator import EmulatedFunction, emulated, rest_event, url_event
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Recorded, Script, Send, answer, head

pytestmark = pytest.mark.timeout(600)  # the first time, the emulator is installed

SOUND = bytes(range(256)) * 40
FORM = b"--b\r\ncontent-disposition: form-data; name=purpose\r\n\r\n\xff\xfe\r\n--b--\r\n"
MULTIPART = "multipart/form-data; boundary=b"
LARGE = 7_000_000
"""Bytes; a function returns 6 MB at most."""
EVENTS = pytest.mark.parametrize("event", [rest_event, url_event], ids=["REST", "HTTP"])
Event = Callable[..., dict[str, Any]]


def spoken(request: Recorded) -> Script:
    if request.path.endswith("/speech"):
        return [
            head(headers={"content-type": "audio/mpeg", "content-length": str(len(SOUND))}),
            Send(SOUND),
        ]
    if request.path.endswith("/files") and request.method == "GET":
        return answer({"object": "list", "data": [{"id": "x" * LARGE}]})
    return answer({"id": "file-1", "object": "file", "bytes": len(request.body)})


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    scripted = ScriptedUpstream()
    scripted.when(spoken)
    with scripted.in_thread():
        yield scripted


@pytest.fixture(scope="module")
def completions(upstream: ScriptedUpstream) -> Iterator[EmulatedFunction]:
    with (
        redis_process() as url,
        emulated(
            "completions",
            {
                "REDIS_URL": url,
                "UPSTREAM_BASE_URL": upstream.base_url,
                "UPSTREAM_API_KEY": "k",
                "EXACT_DEADLINE_SECONDS": "10",
            },
        ) as function,
    ):
        yield function


@EVENTS
def test_a_sound_is_answered_byte_for_byte(completions: EmulatedFunction, event: Event) -> None:
    asked = event("POST", "/v1/audio/speech", {"model": "tts-1", "input": "Hello", "voice": "a"})

    answered = completions.invoke(asked)

    assert answered["statusCode"] == 200, answered
    assert answered["isBase64Encoded"] is True
    assert b64decode(answered["body"]) == SOUND


@EVENTS
def test_an_upload_reaches_the_upstream_byte_for_byte(
    completions: EmulatedFunction, upstream: ScriptedUpstream, event: Event
) -> None:
    asked = event("POST", "/v1/files")
    asked |= {"body": b64encode(FORM).decode(), "isBase64Encoded": True}
    for headers in (asked["headers"], asked.get("multiValueHeaders", {})):
        headers.pop("content-type", None)
    asked["headers"]["content-type"] = MULTIPART
    if "multiValueHeaders" in asked:
        asked["multiValueHeaders"]["content-type"] = [MULTIPART]

    answered = completions.invoke(asked)

    assert answered["statusCode"] == 200, answered
    assert upstream.requests[-1].body == FORM
    assert upstream.requests[-1].headers["content-type"] == MULTIPART


@EVENTS
def test_an_answer_of_more_than_lambdas_6_mb_is_an_error_that_says_so(
    completions: EmulatedFunction, event: Event
) -> None:
    """Without it Lambda fails the invocation, and API Gateway says `Internal server error`."""
    answered = completions.invoke(event("GET", "/v1/files"))

    assert answered["statusCode"] == 502
    assert "RESPONSE_STREAM" in json.loads(answered["body"])["error"]["message"]
