"""Access to metrics and administration: for holders of the admin key, or open without one."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BaseModel
from starlette.responses import Response

from llm_cache_proxy.administration import Administration
from llm_cache_proxy.api.http.raw_requests import request_id_of
from llm_cache_proxy.domain.errors import NotPermitted
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE

_BEARER = HTTPBearer(scheme_name="adminKeyBearer", auto_error=False)
_HEADER = APIKeyHeader(name="x-admin-key", scheme_name="adminKey", auto_error=False)


@dataclass(frozen=True, slots=True)
class Operators:
    """What the routes of operators work on; without an `admin_key` they are open.

    `all_stored` waits for what clients have been answered and the stores do not know yet.
    """

    administration: Administration
    admin_key: str | None
    all_stored: Callable[[], Awaitable[None]] | None = None


def operators_of(request: Request) -> Operators:
    """The app's."""
    return cast("Operators", request.app.state.operators)


def require_admin_key(
    request: Request,
    operators: Annotated[Operators, Depends(operators_of)],
    _bearer: Annotated[object, Security(_BEARER)],  # what the description says of the key
    _header: Annotated[object, Security(_HEADER)],
) -> None:
    """Raise NotPermitted unless the request carries the admin key, where there is one.

    It comes as `Authorization: Bearer <key>` or as `x-admin-key`, and is compared in constant
    time.
    """
    if operators.admin_key is None:
        return
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    given = request.headers.get("x-admin-key") or bearer
    if not given:
        missing = NotPermitted(
            "The admin key is missing: send it as 'Authorization: Bearer <key>' or 'x-admin-key'.",
            code="missing_admin_key",
        )
        raise _with_challenge(missing)
    if not hmac.compare_digest(given.encode(), operators.admin_key.encode()):
        raise _with_challenge(NotPermitted("The admin key is wrong.", code="invalid_admin_key"))


def _with_challenge(refusal: NotPermitted) -> NotPermitted:
    refusal.headers["www-authenticate"] = 'Bearer realm="admin"'
    return refusal


async def administration_of(
    operators: Annotated[Operators, Depends(operators_of)],
) -> Administration:
    """What performs the actions, on all that clients have been answered."""
    if operators.all_stored is not None:
        await operators.all_stored()
    return operators.administration


CurrentAdministration = Annotated[Administration, Depends(administration_of)]
ADMIN_KEY = [Depends(require_admin_key)]
"""For a router whose every route wants the key; a key is asked for before a body is read."""


def operator_headers(request: Request) -> dict[str, str]:
    """Headers of what an operator is answered: it has a name, and is kept by no intermediary."""
    return {"x-request-id": request_id_of(request), "cache-control": "no-store"}


def json_response(request: Request, value: object) -> Response:
    """`value` as JSON, as the administration gave it."""
    return Response(compact_text(value), headers=operator_headers(request), media_type=JSON_TYPE)


@dataclass(frozen=True, slots=True)
class Performing:
    """Performs actions for one request."""

    request: Request
    administration: Administration

    async def __call__(self, name: str, fields: BaseModel | None = None) -> Response:
        """The action's answer. Raises RequestRefused and CacheTierError."""
        given = {} if fields is None else fields.model_dump(exclude_unset=True)
        return json_response(
            self.request, await self.administration.perform({**given, "action": name})
        )


def performing(request: Request, administration: CurrentAdministration) -> Performing:
    """What performs this request's action."""
    return Performing(request, administration)


Perform = Annotated[Performing, Depends(performing)]
