"""Requests made up from the API's description: no answer is a fault of ours, all are as described.

The same requests every time: chance is seeded, and there are so many of each and no more.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from llm_cache_proxy.api.description.document import description
from llm_cache_proxy.api.v1.cached.named_paths import DESCRIBED_PATHS
from samples.extent import extent
from servers.proxy.process import proxy_process
from servers.upstream.rich_answers import NAMED
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer as script_of

DESCRIPTION = description()
schema = schemathesis.openapi.from_dict(DESCRIPTION)
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
pytestmark = pytest.mark.timeout(1200)
EXAMPLES = extent(25, 400)
"""Of each operation that clients call."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with ScriptedUpstream().in_thread() as upstream:
        for path in DESCRIBED_PATHS:
            upstream.when(script_of(NAMED[path]), path=path)
        data = tmp_path_factory.mktemp("fuzzing") / "data"
        settings = {
            "UPSTREAM_BASE_URL": upstream.base_url,
            "CACHED_PATHS": ",".join(DESCRIBED_PATHS),
        }
        with proxy_process(data, **settings) as proxy:
            yield proxy.url


def operations() -> Iterator[Any]:
    """Each operation with legal requests; with illegal ones where there is a body to spoil."""
    for path, methods in DESCRIPTION["paths"].items():
        for method, described in methods.items():
            for mode in GenerationMode:
                if mode is GenerationMode.POSITIVE or "requestBody" in described:
                    yield pytest.param(path, method, mode, id=f"{mode.value} {method} {path}")


@pytest.mark.parametrize(("path", "method", "mode"), list(operations()))
def test_any_request_has_an_answer_as_described(
    path: str, method: str, mode: GenerationMode, address: str
) -> None:
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES if path.startswith("/v1") else 15,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        answer = case.call(base_url=address, timeout=60)

        if not _was_not_stored(answer):
            case.validate_response(answer, checks=[not_a_server_error, *CHECKS])
        assert answer.headers.get("x-request-id") or path == "/health"
        asked.append(answer.status_code)

    asked: list[int] = []
    ask()

    assert asked


def _was_not_stored(answer: Response) -> bool:
    """A client that wants a stored answer only gets 504 where there is none (RFC 9111)."""
    return answer.status_code == 504 and "MISS" in (answer.headers.get("x-cache") or ())
