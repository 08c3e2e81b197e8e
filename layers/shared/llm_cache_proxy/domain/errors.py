"""The one tree of errors; what each means to a client is decided in `api.http.errors` alone.

ProxyError
├── RequestRefused         the client's request cannot be served as it is
│   ├── InvalidRequest       400: malformed, or a field of the wrong type
│   ├── NotPermitted         401: no key, or one that is not valid
│   │   └── Forbidden          403: a valid key that may not do this
│   ├── OriginNotAllowed     403: from a web page that may not use this server
│   ├── LimitReached         429: a rate or a budget is used up
│   ├── NotFound             404: no such route, model or entry
│   ├── MethodNotAllowed     405
│   ├── BodyTooSlow          408
│   ├── BodyTooLarge         413
│   ├── UnsupportedMediaType 415: a body that is not declared as JSON
│   ├── Misdirected          421: sent to a host that is not this server's
│   └── NotInCache           504: `only-if-cached` was sent, and it is not
├── UpstreamError          the LLM gave no answer at all
│   ├── UpstreamUnreachable  502
│   ├── UpstreamRefusal      its own status: it answered with an error
│   └── UpstreamTimedOut     504
├── CacheTierError         a part of the cache failed: a miss, never a client's error
│   ├── ExactStoreUnavailable
│   ├── VectorStoreUnavailable
│   │   ├── NoVectorStore      there is none, by the operator's choice
│   │   └── OtherDimensions    its vectors are another embedder's
│   ├── StoreRefusesWrites   it can be read: full, read-only, or closed to these credentials
│   ├── EmbedderUnavailable
│   └── VerifierUnavailable
└── SettingsError          the process cannot start; names the variable
"""


class ProxyError(Exception):
    """Every error that this package raises on purpose."""


class RequestRefused(ProxyError):
    """The request cannot be served; `message` is for the client, `param` names the field."""

    status = 400
    error_type = "invalid_request_error"
    code: str | None = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code if code is not None else type(self).code
        self.headers: dict[str, str] = {}


class InvalidRequest(RequestRefused):
    """The request is malformed or a field has the wrong type."""


class NotPermitted(RequestRefused):
    """The key is missing, wrong, revoked or expired."""

    status = 401
    error_type = "authentication_error"
    code = "invalid_api_key"


class Forbidden(NotPermitted):
    """The key is valid and may not do this."""

    status = 403
    error_type = "permission_error"
    code = "not_allowed"


class OriginNotAllowed(RequestRefused):
    """The request comes from a web page that may not use this server."""

    status = 403
    error_type = "permission_error"
    code = "origin_not_allowed"


class LimitReached(RequestRefused):
    """A rate or a budget is used up; `retry_after_seconds` says when to come back."""

    status = 429
    error_type = "rate_limit_error"
    code = "rate_limit_exceeded"

    def __init__(self, message: str, *, retry_after_seconds: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds
        self.headers = {"retry-after": str(retry_after_seconds)}


class NotFound(RequestRefused):
    """No such route, model or entry."""

    status = 404
    code = "not_found"


class MethodNotAllowed(RequestRefused):
    """The route exists, the method on it does not."""

    status = 405
    code = "method_not_allowed"


class BodyTooSlow(RequestRefused):
    """The body did not come in time."""

    status = 408
    code = "request_timeout"


class BodyTooLarge(RequestRefused):
    """The body is over the limit."""

    status = 413
    code = "request_too_large"


class UnsupportedMediaType(RequestRefused):
    """The body's content type is not the one that this path takes."""

    status = 415
    code = "unsupported_content_type"


class Misdirected(RequestRefused):
    """The `Host` is not one of this server's (RFC 9110, section 15.5.20)."""

    status = 421
    code = "host_not_allowed"


class NotInCache(RequestRefused):
    """The client wants a cached answer only, and there is none (RFC 9111, section 5.2.1.7)."""

    status = 504
    error_type = "cache_miss_error"
    code = "not_in_cache"


class UpstreamError(ProxyError):
    """The LLM gave no answer; `upstream` is its configured name."""

    status = 502
    error_type = "upstream_error"
    code = "upstream_error"
    param: str | None = None

    def __init__(self, message: str, *, upstream: str) -> None:
        super().__init__(message)
        self.message = message
        self.upstream = upstream


class UpstreamUnreachable(UpstreamError):
    """No connection, or one that broke before the answer began or ended."""

    code = "upstream_unreachable"


class UpstreamRefusal(UpstreamError):
    """The upstream answered a request of the proxy's own with an error: `status` and `body`."""

    def __init__(self, status: int, body: bytes, *, upstream: str) -> None:
        super().__init__(f"The upstream '{upstream}' answered {status}.", upstream=upstream)
        self.status = status
        self.body = body


class UpstreamTimedOut(UpstreamError):
    """The deadline passed before the upstream answered."""

    status = 504
    code = "upstream_timeout"


ClientError = RequestRefused | UpstreamError
"""Errors that a client sees."""


class CacheTierError(ProxyError):
    """A part of the cache failed; the request goes on without it."""

    tier = "cache"


class ExactStoreUnavailable(CacheTierError):
    """The exact tier did not answer, or not in time, or not sensibly."""

    tier = "exact"


class VectorStoreUnavailable(CacheTierError):
    """The semantic tier's store did not answer, or not in time, or not sensibly."""

    tier = "search"


class VerifierUnavailable(CacheTierError):
    """The verifier gave no verdict, or not in time: the pair is not approved."""

    tier = "verifier"


class OtherDimensions(VectorStoreUnavailable):
    """The store holds vectors of another number of dimensions than the embedder makes."""


class NoVectorStore(VectorStoreUnavailable):
    """No semantic tier is configured, which is no fault."""


class StoreRefusesWrites(CacheTierError):
    """A store answers and takes no writes: full, read-only, or closed to these credentials."""


class EmbedderUnavailable(CacheTierError):
    """No vector could be had, or not in time, or not a sensible one."""

    tier = "embed"


class SettingsError(ProxyError):
    """A setting is missing or wrong; the message names the variable and what was expected."""


def openai_error(
    message: str, error_type: str, *, param: str | None = None, code: str | None = None
) -> dict[str, object]:
    """An error as OpenAI writes it."""
    return {"error": {"message": message, "type": error_type, "param": param, "code": code}}
