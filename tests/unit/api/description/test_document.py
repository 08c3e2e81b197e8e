"""The API's description says what the apps serve, and every header and field that is ours."""

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.description.document import description, description_text
from llm_cache_proxy.api.http.answers import outcome_headers
from llm_cache_proxy.api.operators.admin_app import create_admin_app
from llm_cache_proxy.api.operators.admin_paths import PATHS
from llm_cache_proxy.api.operators.metrics_app import create_metrics_app
from llm_cache_proxy.api.v1.cached.named_paths import DESCRIBED_PATHS
from llm_cache_proxy.bootstrap.clients import completions
from llm_cache_proxy.bootstrap.operators import administration
from llm_cache_proxy.domain.requests import controls
from llm_cache_proxy.domain.requests.cached_paths import uncacheable
from llm_cache_proxy.domain.requests.controls import Mode
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.request.answer import Outcome
from llm_cache_proxy.settings import Settings
from samples.app_routes import app_routes

SETTINGS = Settings.model_validate(
    {
        "redis_url": "redis://127.0.0.1:1",
        "groq_api_key": "g",
        "cached_paths": ",".join([*DESCRIBED_PATHS, "/classify"]),
    }
)
DESCRIPTION = description()
TEXT = description_text().decode()
OPERATIONS = [
    (method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods
]
PARAMETERS = {each["name"]: each for each in DESCRIPTION["components"]["parameters"].values()}
HEADERS = DESCRIPTION["components"]["headers"]


def served() -> Iterator[tuple[str, str]]:
    """Method and path of every route that an app of ours describes."""
    operators = administration(SETTINGS)
    for app in (
        create_app(completions(SETTINGS)),
        create_metrics_app(operators, None),
        create_admin_app(operators, None),
    ):
        for context in app_routes(app):
            if context.include_in_schema:
                for method in (context.methods or set()) - {"HEAD"}:
                    yield method.lower(), (context.path or "").replace(":path", "")


def test_every_route_is_described_and_nothing_else() -> None:
    assert sorted(OPERATIONS) == sorted(set(served()))


def test_what_an_operator_may_name_is_described_as_the_settings_name_it() -> None:
    said = Settings.model_fields["cached_paths"].description or ""

    assert set(re.findall(r"/[a-z]+(?:/[a-z]+)?\b(?<!/v1)", said)) <= set(DESCRIBED_PATHS)
    for path in DESCRIBED_PATHS:
        assert not uncacheable(path)


@pytest.mark.parametrize("path", ["/v1/audio/transcriptions", "/v1/audio/translations"])
def test_recordings_are_sent_in_a_form(path: str) -> None:
    (form,) = DESCRIPTION["paths"][path]["post"]["requestBody"]["content"].items()

    assert form[0] == "multipart/form-data"
    schema = DESCRIPTION["components"]["schemas"][form[1]["schema"]["$ref"].rpartition("/")[2]]
    assert schema["properties"]["file"]["format"] == "binary"


def test_every_action_that_the_command_line_calls_is_described() -> None:
    called = {(method.lower(), path) for path, (method, _) in PATHS.items()}

    assert called == {(method, path) for method, path in OPERATIONS if path.startswith("/admin")}


def test_every_header_that_is_read_is_described() -> None:
    read = set(re.findall(r'"(x-[a-z-]+)"', inspect.getsource(controls))) | {"cache-control"}

    assert PARAMETERS.keys() == read
    assert set(PARAMETERS["x-cache-mode"]["schema"]["enum"]) == set(Mode)


def test_every_header_that_is_sent_is_described() -> None:
    outcome = Outcome(
        Result.HIT_SEMANTIC,
        "similar",
        similarity=0.95,
        age_seconds=1,
        ttl_seconds=1,
        entry_id="e",
        saved_tokens=1,
        saved_nano_dollars=1,
        timings={"exact": 0.5},
        items=(1, 2),
    )

    sent = outcome_headers(outcome, "req_1")

    assert HEADERS.keys() == {*sent, "request-id", "x-upstream-request-id"}
    assert set(HEADERS["x-cache"]["schema"]["enum"]) == set(Result)


def test_every_reference_leads_somewhere() -> None:
    for kind, name in re.findall(r'"\$ref":"#/components/(\w+)/([\w-]+)"', TEXT):
        assert name in DESCRIPTION["components"][kind]


def test_every_schema_is_referred_to() -> None:
    for name in DESCRIPTION["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in TEXT


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_answers_errors_in_one_shape(method: str, path: str) -> None:
    responses: dict[str, Any] = DESCRIPTION["paths"][path][method]["responses"]

    assert responses.keys() == {"200", "4XX", "5XX"}
    assert DESCRIPTION["paths"][path][method]["summary"]


def test_a_chat_request_may_ask_for_any_number_of_choices() -> None:
    n = DESCRIPTION["components"]["schemas"]["ChatRequest"]["properties"]["n"]

    assert not re.search("maximum", json.dumps(n), re.IGNORECASE)


@pytest.mark.parametrize("root", [".", ".."])
def test_paths_begin_where_the_server_does_wherever_the_document_is_read(root: str) -> None:
    read = json.loads(description_text(root))

    assert read["servers"] == [{"url": root}]
    assert read["paths"] == DESCRIPTION["paths"]
