"""What a buffered function may return: what Lambda takes, up to the byte."""

import json
from typing import Any

import pytest

from llm_cache_proxy.api.aws.gateway_events import gateway_function
from servers.aws.lambda_emulator import rest_event

LIMIT = 6_291_556
"""Bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
EMPTY = {"statusCode": 200, "headers": {"x-request-id": "r"}, "isBase64Encoded": False, "body": ""}


def answered(body: str, **more: Any) -> dict[str, Any]:
    answer = EMPTY | {"body": body} | more
    return gateway_function(lambda _event, _context: answer)(rest_event("GET", "/v1/files"), None)


@pytest.mark.parametrize("letter", ["a", '"', "é", "\u0001", "𝄞"])
def test_an_answer_passes_as_long_as_lambda_takes_it(letter: str) -> None:
    around = len(json.dumps(EMPTY, ensure_ascii=False).encode())
    each = len(json.dumps(letter, ensure_ascii=False).encode()) - 2
    fitting = (LIMIT - around) // each

    assert answered(letter * fitting)["statusCode"] == 200
    assert answered(letter * (fitting + 1))["statusCode"] == 502


def test_what_is_too_large_is_told_in_openais_shape_with_the_requests_id() -> None:
    answer = answered("a" * LIMIT, headers={"x-request-id": "r", "Content-Type": "audio/mpeg"})

    assert answer["headers"] == {"x-request-id": "r", "content-type": "application/json"}
    assert json.loads(answer["body"])["error"]["code"] == "answer_too_large"
    assert len(json.dumps(answer)) < 1_000


@pytest.mark.parametrize("may_stream", [True, False])
def test_streaming_is_advised_where_the_function_can_be_deployed_so(*, may_stream: bool) -> None:
    """Those for operators never stream."""
    large = EMPTY | {"body": "a" * LIMIT}
    function = gateway_function(lambda _event, _context: large, may_stream=may_stream)

    message = json.loads(function(rest_event("GET", "/v1/files"), None)["body"])["error"]["message"]

    assert ("RESPONSE_STREAM" in message) == may_stream
    assert message.endswith("for less.")
