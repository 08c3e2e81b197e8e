"""Access to metrics and administration: for holders of the admin key, or open without one.

Every route of operators goes through `operator_endpoint`, which also turns what went wrong into
an answer, so that the routes behave the same in every app.
"""

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.errors import refused, unavailable
from llm_cache_proxy.api.http.headers import new_request_id
from llm_cache_proxy.domain.errors import CacheTierError, NotPermitted, RequestRefused
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE

Endpoint = Callable[[Request], Awaitable[Response]]


def check_admin_key(request: Request, admin_key: str | None) -> None:
    """Raise NotPermitted unless the request carries the admin key, where there is one.

    It comes as `Authorization: Bearer <key>` or as `x-admin-key`, and is compared in constant
    time.
    """
    if admin_key is None:
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    given = request.headers.get("x-admin-key") or bearer
    if not given:
        raise NotPermitted(
            "The admin key is missing: send it as 'Authorization: Bearer <key>' or 'x-admin-key'.",
            code="missing_admin_key",
        )
    if not hmac.compare_digest(given.encode(), admin_key.encode()):
        raise NotPermitted("The admin key is wrong.", code="invalid_admin_key")


def operator_endpoint(endpoint: Endpoint, admin_key: str | None) -> Endpoint:
    """`endpoint` behind the admin key, never cached on the way, its errors in OpenAI's shape."""

    async def answer(request: Request) -> Response:
        request_id = getattr(request.state, "request_id", None) or new_request_id()
        try:
            check_admin_key(request, admin_key)
            response = await endpoint(request)
        except NotPermitted as exc:
            response = refused(exc, request_id)
            response.headers["www-authenticate"] = 'Bearer realm="admin"'
        except RequestRefused as exc:
            response = refused(exc, request_id)
        except CacheTierError as exc:
            response = unavailable(exc)
        response.headers["x-request-id"] = request_id
        response.headers["cache-control"] = "no-store"
        return response

    return answer


def json_response(value: object) -> Response:
    """`value` as JSON."""
    return Response(compact_text(value), media_type=JSON_TYPE)
