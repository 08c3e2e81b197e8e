"""When an upstream is asked again, and after how long."""

import pytest

from llm_cache_proxy.domain.upstreams.retry import (
    RetryPolicy,
    backoff_seconds,
    repeatable,
    requested_wait_seconds,
    worth_another_route,
    worth_repeating,
)

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_passing_troubles_are_worth_repeating(status: int) -> None:
    assert worth_repeating(status, {}, safe=True)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 413, 422])
def test_answers_and_refusals_are_not_repeated(status: int) -> None:
    assert not worth_repeating(status, {}, safe=True)


def test_the_upstream_has_the_last_word_on_repeating() -> None:
    assert worth_repeating(400, {"x-should-retry": "true"}, safe=True)
    assert not worth_repeating(429, {"x-should-retry": "false"}, safe=True)


def test_what_may_have_been_carried_out_is_only_repeated_after_a_429() -> None:
    assert worth_repeating(429, {}, safe=False)
    assert not worth_repeating(503, {}, safe=False)
    assert not worth_repeating(503, {"x-should-retry": "true"}, safe=False)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/chat/completions", True),
        ("POST", "/chat/completions/", True),
        ("GET", "/files", True),
        ("POST", "/messages", True),
        ("POST", "/messages/count_tokens", True),
        ("POST", "/messages/batches", False),
        ("POST", "/files", False),
        ("PATCH", "/files/1", False),
    ],
)
def test_only_what_computes_or_reads_is_repeatable(method: str, path: str, expected: bool) -> None:
    assert repeatable(method, path) is expected


@pytest.mark.parametrize(("status", "expected"), [(401, True), (404, True), (503, True)])
def test_another_upstream_may_know_key_or_model(status: int, expected: bool) -> None:
    assert worth_another_route(status) is expected


@pytest.mark.parametrize("status", [200, 400, 413, 422])
def test_a_refusal_of_the_request_itself_is_final(status: int) -> None:
    assert not worth_another_route(status)


def test_backoff_doubles_up_to_its_bound() -> None:
    policy = RetryPolicy(first_backoff_seconds=0.5, max_backoff_seconds=3.0)

    assert [backoff_seconds(policy, attempt, 1.0) for attempt in (1, 2, 3, 4, 5000)] == [
        0.5,
        1.0,
        2.0,
        3.0,
        3.0,
    ]


def test_backoff_jitters_over_its_whole_range() -> None:
    assert backoff_seconds(RetryPolicy(), 3, 0.0) == 0.0
    assert backoff_seconds(RetryPolicy(), 3, 0.25) == 0.5


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"}, 10.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, 0.0),
        ({"retry-after": "Tue, 99 Nov 2023 22:00:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "later"}, None),
    ],
)
def test_the_asked_wait_is_read_in_every_spelling(
    headers: dict[str, str], expected: float | None
) -> None:
    assert requested_wait_seconds(headers, NOW) == expected
