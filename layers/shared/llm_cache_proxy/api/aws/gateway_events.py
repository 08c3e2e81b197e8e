"""Which events a function takes as HTTP requests: API Gateway's and function URLs', no others."""

import json
from collections.abc import Callable
from typing import Any

from llm_cache_proxy.api.aws.http_events import is_http_request
from llm_cache_proxy.api.http.answers import error_body

Handler = Callable[[Any, Any], dict[str, Any]]
"""Lambda's: an event and a context to an answer, all of them as Lambda shapes them."""

_NOT_IMPLEMENTED = 501
_BAD_GATEWAY = 502
_MOST_BYTES = 6_291_556
"""Of a buffered answer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""
_HEADERS_AT_MOST = 100_000
_WIDEST = 6
"""Bytes that JSON may take for one character, as in `\\u0000`."""
_EXPECTED = (
    "This is no HTTP request from API Gateway or a function URL. The admin function also takes an "
    'action, such as {"action": "stats"}.'
)


def gateway_function(http: Handler, *, may_stream: bool = False) -> Handler:
    """`http` behind a check of the event's shape.

    A load balancer's request is answered with 501 in OpenAI's shape, since headers and query
    parameters that repeat would be lost in it. What is no HTTP request, such as the console's test
    event `{}`, gets an error object that names what is expected. An answer that Lambda would not
    take, which API Gateway would tell of in its own words, is replaced by one that says so,
    and how to have it all the same where the function `may_stream` its answers when deployed so.
    """

    def handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's shapes
        request = event.get("requestContext") if isinstance(event, dict) else None
        if not isinstance(request, dict):
            return _no_http_request()
        if "elb" in request:
            return _refused_balancer()
        if not is_http_request(event, request):
            return _no_http_request()
        answer = http(event, context)
        return _too_large(answer, may_stream=may_stream) if _exceeds_the_limit(answer) else answer

    return handler


def _exceeds_the_limit(answer: dict[str, Any]) -> bool:
    if len(answer.get("body") or "") * _WIDEST < _MOST_BYTES - _HEADERS_AT_MOST:
        return False  # nearly all of them, without writing them out twice
    return len(json.dumps(answer, ensure_ascii=False).encode()) > _MOST_BYTES


def _too_large(answer: dict[str, Any], *, may_stream: bool) -> dict[str, Any]:
    instead = "deploy with ResponseTransferMode=RESPONSE_STREAM, or ask" if may_stream else "ask"
    message = (
        "The answer is larger than the 6 MB that a Lambda function may return at once; "
        f"{instead} for less."
    )
    dropped = ("content-length", "content-encoding", "content-type")
    headers = {
        name: value
        for name, value in (answer.get("headers") or {}).items()
        if name.lower() not in dropped
    }
    return {
        "statusCode": _BAD_GATEWAY,
        "isBase64Encoded": False,
        "headers": headers | {"content-type": "application/json"},
        "body": error_body(message, "server_error", code="answer_too_large").decode(),
    }


def _no_http_request() -> dict[str, Any]:
    body = error_body(_EXPECTED, "invalid_request_error", code="unsupported_event")
    answer: dict[str, Any] = json.loads(body)
    return answer


def _refused_balancer() -> dict[str, Any]:
    message = (
        "Application Load Balancers are not supported; call the function through API Gateway or "
        "a function URL."
    )
    body = error_body(message, "invalid_request_error", code="unsupported_event")
    return {
        "statusCode": _NOT_IMPLEMENTED,
        "statusDescription": f"{_NOT_IMPLEMENTED} Not Implemented",
        "isBase64Encoded": False,
        "headers": {"content-type": "application/json"},
        "body": body.decode(),
    }
