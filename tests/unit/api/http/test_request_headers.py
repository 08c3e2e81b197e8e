"""Facts about headers that a client sends more than once."""

import pytest
from starlette.datastructures import Headers

from llm_cache_proxy.api.http.raw_requests import media_type_in, request_headers
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.requests.controls import parse_controls


def _sent(*lines: tuple[str, str]) -> dict[str, str]:
    return request_headers(Headers(raw=[(name.encode(), value.encode()) for name, value in lines]))


def test_no_line_of_cache_control_is_overlooked() -> None:
    sent = _sent(("cache-control", "max-age=50"), ("cache-control", "no-store"))

    controls = parse_controls(sent)

    assert (controls.max_age_seconds, controls.may_write) == (50, False)


def test_tags_may_come_line_by_line() -> None:
    assert parse_controls(_sent(("x-cache-tags", "a"), ("x-cache-tags", "b"))).tags == ("a", "b")


def test_of_two_ttls_neither_is_picked() -> None:
    sent = _sent(("x-cache-ttl", "5"), ("x-cache-ttl", "7"))

    with pytest.raises(InvalidRequest, match="x-cache-ttl"):
        parse_controls(sent)


def test_of_two_content_types_the_first_is_the_bodys() -> None:
    sent = _sent(("content-type", "Application/JSON; charset=utf-8"), ("content-type", "text/html"))
    bare = _sent(("content-type", "application/json"), ("content-type", "application/json"))

    assert {media_type_in(sent), media_type_in(bare)} == {"application/json"}
