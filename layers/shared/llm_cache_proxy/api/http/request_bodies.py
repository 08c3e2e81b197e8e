"""A request's body: read up to the limit and no further, and not for ever; and its type."""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request

from llm_cache_proxy.domain.errors import (
    BodyTooLarge,
    BodyTooSlow,
    InvalidRequest,
    UnsupportedMediaType,
)

_JSON = "application/json"
_PLAIN = frozenset({"", "identity"})
_MOST_DIGITS = 20  # of a length: no limit has more, and `int` refuses thousands
BODY_SECONDS = 30
"""Long enough for the largest body over a slow line."""


async def read_json_body(
    request: Request, max_body_bytes: int, headers: Mapping[str, str] | None = None
) -> bytes:
    """The whole body of a request that declares JSON; `headers` and errors as in `read_body`.

    Raises UnsupportedMediaType for any other type: a web page of another origin may send a form's
    types without asking first, and JSON never.
    """
    headers = request.headers if headers is None else headers
    content_type = media_type_in(headers)
    if content_type != _JSON and not content_type.endswith("+json"):
        raise UnsupportedMediaType(
            f"The content type is {shown_type(content_type)}; send the body with "
            "'content-type: application/json'.",
            param="content-type",
        )
    return await read_body(request, max_body_bytes, headers)


def shown_type(content_type: str) -> str:
    """A body's type as an error names it."""
    return f"'{content_type[:100]}'" if content_type else "missing"


def media_type(request: Request) -> str:
    """The body's declared type in lower case, without parameters; empty where none is."""
    return media_type_in(request.headers)


def media_type_in(headers: Mapping[str, str]) -> str:
    """The same of headers by names in lower case; several that differ are no type that is known."""
    essence = headers.get("content-type", "").partition(";")[0].strip().lower()
    declared = {each.strip() for each in essence.split(",")} if "," in essence else {essence}
    return declared.pop() if len(declared) == 1 else essence


async def read_body(
    request: Request, max_body_bytes: int, headers: Mapping[str, str] | None = None
) -> bytes:
    """The whole body. Raises BodyTooLarge as soon as it is known to be over the limit.

    Raises BodyTooSlow where it is not here in time, and InvalidRequest where it is cut off.
    `headers` are the request's as `request_headers` gives them, where the caller has them already.
    """
    headers = request.headers if headers is None else headers
    declared = headers.get("content-length", "").lstrip("0")
    if declared.isdecimal() and (len(declared) > _MOST_DIGITS or int(declared) > max_body_bytes):
        raise _too_large(max_body_bytes)
    encoded = headers.get("content-encoding")
    if encoded is not None and not _PLAIN.issuperset(map(str.strip, encoded.lower().split(","))):
        raise InvalidRequest(
            "Compressed request bodies are not accepted; send the JSON as it is.",
            param="content-encoding",
            code="unsupported_content_encoding",
        )
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise InvalidRequest("The connection closed before the body was whole.")
                body += message.get("body", b"")
                if len(body) > max_body_bytes:
                    raise _too_large(max_body_bytes)
                more = message.get("more_body", False)
    except TimeoutError as exc:
        raise BodyTooSlow(
            f"The request body was not whole within {BODY_SECONDS} seconds. Send it again, faster."
        ) from exc
    return bytes(body)


def _too_large(max_body_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request body is over the limit of {max_body_bytes:,} bytes "
        "(MAX_BODY_BYTES). Send less."
    )
