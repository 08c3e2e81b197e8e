"""The API's description says what the app serves, and goes stale in no detail that is ours."""

import json
import re
from importlib import resources
from typing import Any

from starlette.routing import Route

from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.http.headers import outcome_headers
from llm_cache_proxy.bootstrap.roots import completions
from llm_cache_proxy.domain.requests import controls
from llm_cache_proxy.domain.requests.controls import Mode
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.request.answer import Outcome
from llm_cache_proxy.settings import Settings

TEXT = resources.files("llm_cache_proxy.api.v1").joinpath("openapi.json").read_text("utf-8")
DESCRIPTION: dict[str, Any] = json.loads(TEXT)
PARAMETERS = {each["name"]: each for each in DESCRIPTION["components"]["parameters"].values()}
HEADERS = DESCRIPTION["components"]["headers"]


def test_every_route_is_described_and_nothing_else() -> None:
    settings = {"redis_url": "redis://127.0.0.1:1", "groq_api_key": "g"}
    app = create_app(completions(Settings.model_validate(settings)))
    served = {
        (method.lower(), route.path.replace(":path", ""))
        for route in app.routes
        if isinstance(route, Route) and route.path != "/v1/{path:path}"
        for method in (route.methods or set()) - {"HEAD"}
    }

    described = {
        (method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods
    }

    assert described == served


def test_every_header_that_is_read_is_described() -> None:
    source = (
        resources.files("llm_cache_proxy.domain.requests")
        .joinpath("controls.py")
        .read_text("utf-8")
    )
    read = set(re.findall(r'"(x-[a-z-]+)"', source)) | {"cache-control"}

    assert controls.__name__.endswith("controls")
    assert PARAMETERS.keys() == read
    assert set(PARAMETERS["x-cache-mode"]["schema"]["enum"]) == set(Mode)


def test_every_header_that_is_reported_is_described() -> None:
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
    )

    answer = outcome_headers(outcome, "req_1")

    assert HEADERS.keys() == {*answer, "x-upstream-request-id"}
    assert set(HEADERS["x-cache"]["schema"]["enum"]) == set(Result)


def test_every_reference_leads_somewhere() -> None:
    for place in re.findall(r'"\$ref": "#/components/(\w+/[\w-]+)"', TEXT):
        kind, name = place.split("/")

        assert name in DESCRIPTION["components"][kind]
