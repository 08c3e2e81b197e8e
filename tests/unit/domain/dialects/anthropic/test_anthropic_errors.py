"""Facts about errors as Anthropic's clients know them."""

import json
from typing import Any

import pytest

from llm_cache_proxy.domain.dialects.anthropic.errors import (
    AnthropicErrors,
    anthropic_error,
    anthropic_status,
    in_anthropic_shape,
    speaks_anthropic,
)
from llm_cache_proxy.domain.errors import ClientError, LimitReached, UpstreamUnreachable


@pytest.mark.parametrize("path", ["/messages", "/v1/messages", "/v1/messages/count_tokens"])
def test_paths_of_the_messages_api_have_its_errors(path: str) -> None:
    assert speaks_anthropic(path)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messagesque", "/v1", "", "/v1x"])
def test_other_paths_have_openais(path: str) -> None:
    assert not speaks_anthropic(path)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_the_type_of_an_error_is_that_of_its_status(status: int, kind: str) -> None:
    assert anthropic_error("No.", status, "req_1") == {
        "type": "error",
        "error": {"type": kind, "message": "No."},
        "request_id": "req_1",
    }


def test_a_part_that_is_away_is_an_overload() -> None:
    assert (anthropic_status(503), anthropic_status(502)) == (529, 502)


OWN: dict[str, Any] = {"type": "error", "error": {"type": "billing_error", "message": "Pay."}}


def test_an_error_of_that_shape_stays_as_it_is() -> None:
    assert in_anthropic_shape(402, OWN, "req_1") is OWN


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"error": {"message": "No.", "type": "server_error", "code": None}}, "No."),
        ({"error": "No."}, "No."),
        ({"message": "No."}, "No."),
        ({"detail": "No."}, "No."),
        ({"error": {"message": 5}}, "The upstream answered 500."),
        ({}, "The upstream answered 500."),
    ],
)
def test_any_other_is_put_into_it(error: dict[str, Any], message: str) -> None:
    shaped = in_anthropic_shape(500, error, "req_1")

    assert shaped == anthropic_error(message, 500, "req_1")


def error_of(event: bytes) -> dict[str, Any]:
    name, data, *rest = event.decode().split("\n")
    assert (name, rest) == ("event: error", ["", ""])
    said: dict[str, Any] = json.loads(data.removeprefix("data: "))["error"]
    return said


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamUnreachable("Away.", upstream="u"), "api_error"),
        (LimitReached("Too many.", retry_after_seconds=1), "rate_limit_error"),
    ],
)
def test_a_stream_ends_with_an_event_called_error(error: ClientError, kind: str) -> None:
    assert error_of(AnthropicErrors.error_event(error)) == {"type": kind, "message": error.message}


def test_a_stream_ends_with_an_upstreams_error_in_its_own_words() -> None:
    relayed = AnthropicErrors.relayed_error_event(402, json.dumps(OWN).encode())

    assert error_of(relayed) == OWN["error"]
    assert error_of(AnthropicErrors.relayed_error_event(500, b"<html>"))["type"] == "api_error"
