"""A request's body, read up to the limit and no further."""

from starlette.requests import ClientDisconnect, Request

from llm_cache_proxy.domain.errors import BodyTooLarge, InvalidRequest


async def read_body(request: Request, max_body_bytes: int) -> bytes:
    """The whole body. Raises BodyTooLarge as soon as it is known to be over the limit."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_body_bytes:
        raise _too_large(max_body_bytes)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise InvalidRequest(
            "Compressed request bodies are not accepted; send the JSON as it is.",
            param="content-encoding",
            code="unsupported_content_encoding",
        )
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > max_body_bytes:
                raise _too_large(max_body_bytes)
    except ClientDisconnect as exc:
        raise InvalidRequest("The connection closed before the body was whole.") from exc
    return bytes(body)


def _too_large(max_body_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request body is over the limit of {max_body_bytes:,} bytes "
        "(MAX_BODY_BYTES). Send less."
    )
