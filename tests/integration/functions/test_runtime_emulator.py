"""The zip functions under Lambda's own emulator, with the events that AWS sends."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from infra.demo_upstream import demo_upstream

from servers.aws.lambda_emulator import (
    EmulatedFunction,
    balancer_event,
    emulated,
    rest_event,
    url_event,
)
from servers.redis.process import redis_process

pytestmark = pytest.mark.timeout(1200)  # the first time, the emulator is installed

CHAT = "/v1/chat/completions"
KEY = "operator"


def asking(text: str, **fields: object) -> dict[str, object]:
    message = {"role": "user", "content": text}
    return {"model": "llama-3.1-8b-instant", "messages": [message], **fields}


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_process() as url:
        yield url


@pytest.fixture(scope="module")
def completions(redis_url: str) -> Iterator[EmulatedFunction]:
    with (
        demo_upstream("127.0.0.1") as upstream,
        emulated(
            "completions", {"REDIS_URL": redis_url, "UPSTREAM_BASE_URL": upstream}
        ) as function,
    ):
        yield function


@pytest.fixture(scope="module")
def metrics(redis_url: str) -> Iterator[EmulatedFunction]:
    with emulated("metrics", {"REDIS_URL": redis_url, "ADMIN_KEY": KEY}) as function:
        yield function


@pytest.fixture(scope="module")
def admin(redis_url: str) -> Iterator[EmulatedFunction]:
    with emulated("admin", {"REDIS_URL": redis_url, "ADMIN_KEY": KEY}) as function:
        yield function


def total_requests(metrics: EmulatedFunction) -> int:
    event = rest_event("GET", "/metrics", authorization=f"Bearer {KEY}")
    status, _, body = metrics.over_http(event)
    assert status == 200
    return int(json.loads(body)["cache_performance"]["total_requests"])


def test_what_a_rest_api_asked_answers_an_http_api_from_the_cache(
    completions: EmulatedFunction,
) -> None:
    question = asking("What is a lambda?")

    first = completions.over_http(rest_event("POST", CHAT, question))
    second = completions.over_http(url_event("POST", CHAT, question))

    assert [first[0], second[0]] == [200, 200]
    assert [first[1]["x-cache"], second[1]["x-cache"]] == ["MISS", "HIT-EXACT"]
    assert json.loads(first[2])["choices"] == json.loads(second[2])["choices"]


def test_a_stream_arrives_in_one_body(completions: EmulatedFunction) -> None:
    event = rest_event("POST", CHAT, asking("What is a stream?", stream=True))

    status, headers, body = completions.over_http(event)

    assert status == 200
    assert headers["content-type"].startswith("text/event-stream")
    assert body.startswith("data: {")
    assert body.rstrip().endswith("data: [DONE]")


def test_a_load_balancer_is_refused_in_openais_shape(completions: EmulatedFunction) -> None:
    answer = completions.invoke(balancer_event("POST", CHAT, asking("Hello?")))

    assert answer["statusCode"] == 501
    assert answer["statusDescription"] == "501 Not Implemented"
    error = json.loads(answer["body"])["error"]
    assert error["code"] == "unsupported_event"
    assert "Application Load Balancer" in error["message"]


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"action": "stats"}, [1], "text"])
def test_an_event_that_is_no_request_is_answered_with_what_is_expected(
    completions: EmulatedFunction,
    event: Any,
) -> None:
    answer = completions.invoke(event)

    assert answer["error"]["code"] == "unsupported_event"
    assert "API Gateway" in answer["error"]["message"]


def test_errors_have_openais_shape(completions: EmulatedFunction) -> None:
    broken = rest_event("POST", CHAT) | {"body": "{"}

    assert completions.over_http(broken)[0] == 400
    assert completions.over_http(rest_event("GET", "/nothing"))[0] == 404


def test_every_answer_is_counted_before_it_leaves(
    completions: EmulatedFunction, metrics: EmulatedFunction
) -> None:
    # What was refused before is written with this one.
    completions.over_http(rest_event("POST", CHAT, asking("What is written?")))
    before = total_requests(metrics)

    for event in (
        rest_event("POST", CHAT, asking("What is counted?")),
        rest_event("POST", CHAT, asking("What is counted?")),
        rest_event("POST", CHAT, asking("What is counted?", stream=True)),
        rest_event("POST", CHAT, asking("What is counted?"), **{"x-bypass-cache": "true"}),
    ):
        completions.over_http(event)

    assert total_requests(metrics) == before + 4


def test_numbers_are_behind_the_admin_key(metrics: EmulatedFunction) -> None:
    assert metrics.over_http(rest_event("GET", "/metrics"))[0] == 401


def test_the_admin_function_names_an_action_to_whom_sends_none(admin: EmulatedFunction) -> None:
    assert '{"action": "stats"}' in admin.invoke({})["error"]["message"]


def test_an_operator_clears_over_http_and_by_direct_invocation(
    completions: EmulatedFunction, admin: EmulatedFunction
) -> None:
    completions.over_http(rest_event("POST", CHAT, asking("What is cleared?")))

    counted = admin.invoke({"action": "count"})["entries"]
    event = rest_event("POST", "/admin/cache/clear", {"all": True}, **{"x-admin-key": KEY})
    status, _, body = admin.over_http(event)
    again = completions.over_http(rest_event("POST", CHAT, asking("What is cleared?")))

    assert counted["exact"] > 0
    assert (status, json.loads(body)["cleared"]["exact"]) == (200, counted["exact"])
    assert again[1]["x-cache"] == "MISS"


def test_the_schedules_purge_is_an_action(admin: EmulatedFunction) -> None:
    assert admin.invoke({"action": "purge"}) == {"purged": {"semantic": 0}}


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"GROQ_API_KEY": "g"}, "REDIS_URL or UPSTASH_REDIS_REST_URL"),
        ({"REDIS_URL": "redis://127.0.0.1:1"}, "GROQ_API_KEY, UPSTREAM_BASE_URL or UPSTREAMS"),
    ],
    ids=["redis", "upstream"],
)
def test_a_function_without_a_redis_or_an_upstream_does_not_start_and_says_why(
    settings: dict[str, str], missing: str
) -> None:
    with emulated("completions", settings) as function:
        answer = function.invoke(rest_event("GET", "/health"))

    assert answer["errorType"] == "SettingsError"
    assert missing in answer["errorMessage"]


def test_under_sam_local_a_function_answers_and_remembers_with_nothing_beside_it() -> None:
    with emulated("completions", {"AWS_SAM_LOCAL": "true"}) as function:
        question = asking(f"What needs nothing beside it? {uuid4()}")  # a container's folder is new
        first = function.over_http(rest_event("POST", CHAT, question))
        second = function.over_http(rest_event("POST", CHAT, question))

    assert [first[0], second[0]] == [200, 200], first[2]
    assert [first[1]["x-cache"], second[1]["x-cache"]] == ["MISS", "HIT-EXACT"]


@pytest.mark.parametrize(("name", "path"), [("metrics", "/metrics"), ("admin", "/admin/health")])
def test_under_sam_local_operators_functions_start_with_nothing_beside_them(
    name: str, path: str
) -> None:
    with emulated(name, {"AWS_SAM_LOCAL": "true"}) as function:
        assert function.over_http(rest_event("GET", path))[0] == 200
