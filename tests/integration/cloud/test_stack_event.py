"""The custom resource that provisions the collection, against servers of this machine."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from llm_cache_proxy.adapters.vector_store.qdrant.server.schema import PAYLOAD_INDEXES
from llm_cache_proxy.api.aws.stack_event import stack_function
from llm_cache_proxy.bootstrap.functions.provisioning import provision
from llm_cache_proxy.settings import Settings
from servers.qdrant.rest_server import QdrantRest
from servers.thread import ThreadServer


@dataclass
class StackEvents:
    """CloudFormation's side: an address that takes answers."""

    status: int = 200
    answers: list[dict[str, str]] = field(default_factory=list)
    content_types: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.answers.append(json.loads(await request.body()))
        self.content_types.append(request.headers.get("content-type", ""))
        await Response(status_code=self.status)(scope, receive, send)


@pytest.fixture
def stack() -> StackEvents:
    return StackEvents()


@pytest.fixture
def answer_url(stack: StackEvents) -> Iterator[str]:
    server = ThreadServer(stack)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture
def qdrant() -> Iterator[tuple[QdrantRest, str]]:
    app = QdrantRest(api_key="word")
    server = ThreadServer(app)
    server.start()
    yield app, server.url
    server.stop()


def event(url: str, kind: str, **fields: str) -> dict[str, str]:
    return {
        "RequestType": kind,
        "ResponseURL": f"{url}/answer?signature=s",
        "StackId": "arn:aws:cloudformation:stack",
        "RequestId": "request",
        "LogicalResourceId": "Collection",
        **fields,
    }


def settings(url: str, key: str = "word") -> Settings:
    return Settings.model_validate({"qdrant_url": url, "qdrant_api_key": key})


def test_creating_makes_the_collection_with_its_indexes(
    stack: StackEvents, answer_url: str, qdrant: tuple[QdrantRest, str]
) -> None:
    app, url = qdrant

    stack_function(event(answer_url, "Create"), lambda: provision(settings(url)))

    made = [asked for asked in app.asked if asked.startswith("PUT")]
    assert "PUT /collections/llm_cache_proxy" in made
    assert sum("/index" in asked for asked in made) == len(PAYLOAD_INDEXES)
    assert stack.answers == [
        {
            "Status": "SUCCESS",
            "Reason": f'collection "llm_cache_proxy" is ready at {url}',
            "PhysicalResourceId": "Collection",
            "StackId": "arn:aws:cloudformation:stack",
            "RequestId": "request",
            "LogicalResourceId": "Collection",
        }
    ]


def test_done_twice_is_done_once(
    stack: StackEvents, answer_url: str, qdrant: tuple[QdrantRest, str]
) -> None:
    app, url = qdrant
    stack_function(event(answer_url, "Create"), lambda: provision(settings(url)))
    app.asked.clear()

    again = event(answer_url, "Update", PhysicalResourceId="first")
    stack_function(again, lambda: provision(settings(url)))

    assert not [asked for asked in app.asked if asked.startswith("PUT")]
    assert stack.answers[-1]["Status"] == "SUCCESS"
    assert stack.answers[-1]["PhysicalResourceId"] == "first"


def test_a_wrong_key_fails_the_deployment_and_says_why(
    stack: StackEvents, answer_url: str, qdrant: tuple[QdrantRest, str]
) -> None:
    _, url = qdrant

    stack_function(event(answer_url, "Create"), lambda: provision(settings(url, key="wrong")))

    assert stack.answers[0]["Status"] == "FAILED"
    assert "401" in stack.answers[0]["Reason"] or "key" in stack.answers[0]["Reason"]
    assert "wrong" not in stack.answers[0]["Reason"]


def test_a_fault_of_ours_is_an_answer_too(stack: StackEvents, answer_url: str) -> None:
    async def failing() -> str:
        raise ZeroDivisionError

    stack_function(event(answer_url, "Create"), failing)

    assert stack.answers[0]["Status"] == "FAILED"
    assert "ZeroDivisionError" in stack.answers[0]["Reason"]


def test_removing_the_stack_removes_no_entries(stack: StackEvents, answer_url: str) -> None:
    async def never() -> str:
        raise AssertionError

    stack_function(event(answer_url, "Delete", PhysicalResourceId="first"), never)

    assert stack.answers[0]["Status"] == "SUCCESS"


def test_the_answer_has_no_content_type_for_the_address_is_signed_without_one(
    stack: StackEvents, answer_url: str
) -> None:
    async def nothing() -> str:
        return "done"

    stack_function(event(answer_url, "Create"), nothing)

    assert stack.content_types == [""]


def test_without_qdrant_there_is_nothing_to_provision(stack: StackEvents, answer_url: str) -> None:
    stack_function(event(answer_url, "Create"), lambda: provision(Settings.model_validate({})))

    assert stack.answers[0]["Reason"] == "no semantic tier: QDRANT_URL is not set"


def test_cloudformation_that_takes_no_answer_fails_the_invocation(
    stack: StackEvents, answer_url: str
) -> None:
    stack.status = 403

    async def nothing() -> str:
        return "done"

    with pytest.raises(httpx.HTTPStatusError):
        stack_function(event(answer_url, "Create"), nothing)


def test_the_consoles_test_event_does_nothing_and_says_so() -> None:
    async def never() -> str:
        raise AssertionError

    answer = stack_function({}, never)

    assert answer is not None
    assert "no event of a CloudFormation resource" in answer["message"]
