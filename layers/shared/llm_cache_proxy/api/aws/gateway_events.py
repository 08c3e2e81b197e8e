"""Which events a function takes as HTTP requests: API Gateway's and function URLs', no others."""

import json
from collections.abc import Callable
from typing import Any

from llm_cache_proxy.api.aws.http_events import is_http_request
from llm_cache_proxy.api.http.answers import error_body

Handler = Callable[[Any, Any], dict[str, Any]]
"""Lambda's: an event and a context to an answer, all of them as Lambda shapes them."""

_NOT_IMPLEMENTED = 501
_EXPECTED = (
    "This is no HTTP request from API Gateway or a function URL. The admin function also takes an "
    'action, such as {"action": "stats"}.'
)


def gateway_function(http: Handler) -> Handler:
    """`http` behind a check of the event's shape.

    A load balancer's request is answered with 501 in OpenAI's shape, since headers and query
    parameters that repeat would be lost in it. What is no HTTP request, such as the console's test
    event `{}`, gets an error object that names what is expected.
    """

    def handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's shapes
        request = event.get("requestContext") if isinstance(event, dict) else None
        if not isinstance(request, dict):
            return _no_http_request()
        if "elb" in request:
            return _refused_balancer()
        if not is_http_request(event, request):
            return _no_http_request()
        return http(event, context)

    return handler


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
