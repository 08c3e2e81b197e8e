"""`/admin/keys`: clients' keys, each path one action."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from llm_cache_proxy.api.http.json_body import JsonBody
from llm_cache_proxy.api.operators.access import Perform
from llm_cache_proxy.api.operators.schemas import actions, answers

_MAX_BODY_BYTES = 100_000
_MAX_RECORDS_BYTES = 5_000_000

router = APIRouter()


@router.get("/keys", response_model=answers.KeyList)
async def list_keys(fields: Annotated[actions.OfTenant, Query()], perform: Perform) -> Response:
    """Every key, or one tenant's, and what each has used."""
    return await perform("keys", fields)


@router.post("/keys/create", response_model=answers.CreatedKey)
async def create_key(
    fields: Annotated[actions.CreateKey, Depends(JsonBody(actions.CreateKey, _MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """Make a key; it is shown in this answer and never again."""
    return await perform("create_key", fields)


@router.post("/keys/revoke", response_model=answers.KeyView)
async def revoke_key(
    fields: Annotated[actions.RevokeKey, Depends(JsonBody(actions.RevokeKey, _MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """Make a key invalid from the next request on."""
    return await perform("revoke_key", fields)


@router.post("/keys/rotate", response_model=answers.RotatedKey)
async def rotate_key(
    fields: Annotated[actions.RotateKey, Depends(JsonBody(actions.RotateKey, _MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """Make a key in place of another, with what that may do and has used."""
    return await perform("rotate_key", fields)


@router.post("/keys/edit", response_model=answers.KeyView)
async def edit_key(
    fields: Annotated[actions.EditKey, Depends(JsonBody(actions.EditKey, _MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """Change a key's name, namespace, models or limits."""
    return await perform("edit_key", fields)


@router.get("/keys/export", response_model=answers.ExportedKeys)
async def export_keys(fields: Annotated[actions.OfTenant, Query()], perform: Perform) -> Response:
    """Every key's record, or one tenant's, without what was used."""
    return await perform("export_keys", fields)


@router.post("/keys/import", response_model=answers.ImportedKeys)
async def import_keys(
    fields: Annotated[
        actions.ImportKeys, Depends(JsonBody(actions.ImportKeys, _MAX_RECORDS_BYTES))
    ],
    perform: Perform,
) -> Response:
    """Write exported records; where the signing secret is the same, the keys are valid again."""
    return await perform("import_keys", fields)
