"""Facts about the body that a request's headers announce."""

import pytest
from starlette.requests import Request
from starlette.types import Message

from llm_cache_proxy.api.http.request_bodies import read_body, read_json_body
from llm_cache_proxy.domain.errors import BodyTooLarge, InvalidRequest, UnsupportedMediaType

MOST_BYTES = 100


async def body_under(headers: dict[str, str]) -> bytes:
    """What is read of `{}` under these headers."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    return await read_body(request, MOST_BYTES, headers)


@pytest.mark.parametrize("declared", ["101", "0101", "9" * 5_000])
async def test_a_length_over_the_limit_is_refused_before_the_body(declared: str) -> None:
    with pytest.raises(BodyTooLarge):
        await body_under({"content-length": declared})


@pytest.mark.parametrize("declared", ["2", "", "0" * 5_000 + "2", "2, 2", "\u00b2"])
async def test_any_other_length_is_the_bodys_own(declared: str) -> None:
    assert await body_under({"content-length": declared}) == b"{}"


@pytest.mark.parametrize("coding", ["identity", "Identity ", "identity, identity", ""])
async def test_a_coding_that_changes_nothing_is_none(coding: str) -> None:
    assert await body_under({"content-encoding": coding}) == b"{}"


@pytest.mark.parametrize("coding", ["gzip", "identity, GZIP", "brotli"])
async def test_any_other_coding_is_refused(coding: str) -> None:
    with pytest.raises(InvalidRequest, match="Compressed"):
        await body_under({"content-encoding": coding})


@pytest.mark.parametrize(
    ("declared", "said"),
    [({}, "The content type is missing; send"), ({"content-type": "a/b"}, "is 'a/b'; send")],
)
async def test_a_body_that_is_not_declared_as_json_is_told_so(
    declared: dict[str, str], said: str
) -> None:
    with pytest.raises(UnsupportedMediaType, match=said):
        await read_json_body(Request({"type": "http"}), MOST_BYTES, declared)
