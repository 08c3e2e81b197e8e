import json
import re
from typing import Any

import pytest

from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.operators.admin_app import create_admin_app
from llm_cache_proxy.api.operators.metrics_app import create_metrics_app
from llm_cache_proxy.bootstrap.clients import completions
from llm_cache_proxy.bootstrap.operators import administration
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.settings import Settings
from samples.app_routes import app_routes
from samples.stack.template import Stack

STREAMING = Stack()
BUFFERED = Stack(ResponseTransferMode="BUFFERED")
SETTINGS = Settings.model_validate({"redis_url": "redis://127.0.0.1:1", "groq_api_key": "g"})
OPENAI_ERROR = {"message", "type", "param", "code"}


def operations(stack: Stack) -> dict[tuple[str, str], dict[str, Any]]:
    """Method and path pattern to the integration behind them."""
    paths = stack.resources["Api"]["Properties"]["DefinitionBody"]["paths"]
    return {
        (method, path): operation["x-amazon-apigateway-integration"]
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


def integration(stack: Stack, method: str, path: str) -> dict[str, Any] | None:
    """What API Gateway would call: an exact path before one with a greedy variable."""
    found = operations(stack)
    for pattern in sorted({pattern for _, pattern in found}, key=lambda text: "{" in text):
        expression = re.escape(pattern).replace(r"\{proxy\+\}", ".+")
        if re.fullmatch(expression, path):
            return found.get((method.lower(), pattern))
    return None


def function_of(called: dict[str, Any]) -> str:
    match = re.search(r"functions/<(\w+)\.Alias>/", called["uri"])
    assert match
    return match[1]


def filled(path: str) -> str:
    """A path of this pattern, without the slash at its end, which API Gateway leaves out."""
    path = path.rstrip("/") or "/"
    return re.sub(r"\{[^}]+\}", lambda found: "x/y" if ":path" in found[0] else "x", path)


def routes() -> list[tuple[str, str, str]]:
    operators = administration(SETTINGS)
    apps = {
        "CompletionsFunction": create_app(completions(SETTINGS)),
        "MetricsFunction": create_metrics_app(operators, None),
        "AdminFunction": create_admin_app(operators, None),
    }
    return [
        (function, method, filled(context.path or ""))
        for function, app in apps.items()
        for context in app_routes(app)
        for method in sorted((context.methods or set()) - {"HEAD"})
    ]


@pytest.mark.parametrize("stack", [STREAMING, BUFFERED], ids=["streaming", "buffered"])
@pytest.mark.parametrize(("function", "method", "path"), routes())
def test_every_route_of_the_apps_is_in_the_api(
    stack: Stack, function: str, method: str, path: str
) -> None:
    called = integration(stack, method, path)

    assert called is not None
    assert function_of(called) == function


def test_all_that_completions_answers_is_streamed_and_nothing_else() -> None:
    for called in operations(STREAMING).values():
        streams = function_of(called) == "CompletionsFunction"

        assert (called.get("responseTransferMode") == "STREAM") == streams
        assert called["uri"].endswith(
            "/response-streaming-invocations" if streams else "/invocations"
        )
        assert ("/2021-11-15/" in called["uri"]) == streams


def test_buffered_nothing_is_streamed() -> None:
    for called in operations(BUFFERED).values():
        assert "responseTransferMode" not in called
        assert called["uri"].endswith("/invocations")


@pytest.mark.parametrize("stack", [STREAMING, BUFFERED], ids=["streaming", "buffered"])
def test_each_operation_may_call_its_function(stack: Stack) -> None:
    allowed = {
        (event["Properties"]["Method"].lower(), event["Properties"]["Path"], name)
        for name, function in stack.of_type("AWS::Serverless::Function").items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    }
    used = set()
    for (method, path), called in operations(stack).items():
        name = function_of(called)
        used.add(("any" if ("any", path, name) in allowed else method, path, name))

    assert used == allowed


def test_v1_takes_whatever_an_openai_client_sends() -> None:
    methods = {method for method, path in operations(STREAMING) if path == "/v1/{proxy+}"}

    assert methods == {"get", "post", "put", "patch", "delete", "head", "options"}


def test_the_base_url_ends_in_v1_in_the_stage_that_the_api_has() -> None:
    assert STREAMING.resources["Api"]["Properties"]["StageName"] == "prod"
    assert STREAMING.outputs()["BaseUrl"].endswith(".amazonaws.com/<Api.Stage>/v1")
    own = Stack(DomainName="llm.example,arn:aws:acm:c")
    assert own.outputs()["BaseUrl"] == "https://<Domain>/v1"
    assert own.resources["Domain"]["Properties"]["DomainName"] == "llm.example"


@pytest.mark.parametrize(
    ("response", "status"),
    [
        ("MISSING_AUTHENTICATION_TOKEN", "404"),
        ("ACCESS_DENIED", "403"),
        ("WAF_FILTERED", "429"),
        ("REQUEST_TOO_LARGE", "413"),
        ("THROTTLED", "429"),
        ("INTEGRATION_FAILURE", "502"),
        ("INTEGRATION_TIMEOUT", "504"),
        ("DEFAULT_4XX", None),
        ("DEFAULT_5XX", None),
    ],
)
def test_the_apis_own_errors_have_openais_shape(response: str, status: str | None) -> None:
    answer = STREAMING.resources["Api"]["Properties"]["GatewayResponses"][response]
    body = answer["ResponseTemplates"]["application/json"]

    error = json.loads(body.replace("$context.error.messageString", '"text"'))["error"]

    assert error.keys() == OPENAI_ERROR
    assert answer.get("StatusCode") == status
    assert answer["ResponseParameters"]["Headers"]["x-request-id"] == "context.requestId"


def test_the_apis_own_errors_say_what_became_of_the_request_as_the_app_does() -> None:
    responses = STREAMING.resources["Api"]["Properties"]["GatewayResponses"]

    for name, answer in responses.items():
        body = answer["ResponseTemplates"]["application/json"]
        code = json.loads(body.replace("$context.error.messageString", '""'))["error"]["code"]
        status = answer.get("StatusCode") or name.removeprefix("DEFAULT_")
        headers = answer["ResponseParameters"]["Headers"]
        said = (headers["x-cache"].strip("'"), headers["x-cache-reason"].strip("'"))
        if status.startswith("5"):
            assert said == (Result.ERROR, Reason.INTERNAL_ERROR), name
        else:
            assert said == (Result.REFUSED, f"{Reason.REFUSED}:{code}"), name


@pytest.mark.parametrize(("response", "seconds"), [("THROTTLED", "1"), ("WAF_FILTERED", "60")])
def test_a_client_that_sends_too_much_gets_a_retry_after(response: str, seconds: str) -> None:
    answer = STREAMING.resources["Api"]["Properties"]["GatewayResponses"][response]

    assert answer["ResponseParameters"]["Headers"]["retry-after"] == f"'{seconds}'"


def test_a_page_may_read_the_apis_own_errors() -> None:
    for answer in STREAMING.resources["Api"]["Properties"]["GatewayResponses"].values():
        headers = answer["ResponseParameters"]["Headers"]

        assert headers["access-control-allow-origin"] == "'*'"
        assert headers["access-control-expose-headers"] == "'*'"


def test_operators_paths_are_throttled_more_than_the_rest() -> None:
    rates = {
        (rule["HttpMethod"], rule["ResourcePath"]): rule["ThrottlingRateLimit"]
        for rule in STREAMING.resources["Api"]["Properties"]["MethodSettings"]
    }
    whole = rates.pop(("*", "/*"))

    assert rates.keys() == {
        (method.upper(), path)
        for method, path in operations(STREAMING)
        if not path.startswith(("/v1", "/health"))
    }
    assert all(rate < whole for rate in rates.values())
