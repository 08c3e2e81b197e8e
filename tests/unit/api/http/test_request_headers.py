"""Facts about headers that a client sends more than once."""

import pytest
from starlette.datastructures import Headers

from llm_cache_proxy.api.http.raw_requests import request_headers
from llm_cache_proxy.api.http.request_bodies import media_type_in
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


@pytest.mark.parametrize(
    ("lines", "media_type"),
    [
        (["application/json", "application/json"], "application/json"),
        (["Application/JSON ; charset=utf-8"], "application/json"),
        (['multipart/form-data; boundary="a,b"'], "multipart/form-data"),
        (["application/json", "text/plain"], "application/json, text/plain"),
        (["text/plain", "application/json"], "text/plain, application/json"),
        (["application/json, text/plain"], "application/json, text/plain"),
        ([], ""),
    ],
)
def test_of_two_content_types_that_differ_neither_is_picked(
    lines: list[str], media_type: str
) -> None:
    assert media_type_in(_sent(*(("content-type", line) for line in lines))) == media_type
