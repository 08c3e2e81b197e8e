"""`/admin/entries` and what clears and judges entries: each path is one action."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from llm_cache_proxy.api.http.json_body import JsonBody
from llm_cache_proxy.api.operators.access import Perform
from llm_cache_proxy.api.operators.schemas import actions, answers
from llm_cache_proxy.api.v1.schemas import FeedbackAnswer

MAX_BODY_BYTES = 5_000_000

router = APIRouter()


@router.get("/entries", response_model=answers.EntryPage)
async def list_entries(
    fields: Annotated[actions.ListEntries, Query()], perform: Perform
) -> Response:
    """A page of entries without their texts."""
    return await perform("entries", fields)


@router.get("/entries/search", response_model=answers.FoundEntries)
async def search_entries(
    fields: Annotated[actions.SearchEntries, Query()], perform: Perform
) -> Response:
    """A page of the entries that fit, newest first, and how many there are."""
    return await perform("search_entries", fields)


@router.get("/entries/show", response_model=answers.EntryDetail)
async def show_entry(fields: Annotated[actions.ShowEntry, Query()], perform: Perform) -> Response:
    """One entry by its id."""
    return await perform("entry", fields)


@router.get("/entries/count", response_model=answers.Counted)
async def count_entries(fields: Annotated[actions.OfTenant, Query()], perform: Perform) -> Response:
    """How many entries each tier holds, over all tenants and by tenant."""
    return await perform("count", fields)


@router.post("/entries/export", response_model=answers.Exported)
async def export_entries(
    fields: Annotated[
        actions.ExportEntries, Depends(JsonBody(actions.ExportEntries, MAX_BODY_BYTES))
    ],
    perform: Perform,
) -> Response:
    """The next page of records that another proxy can import."""
    return await perform("export", fields)


@router.post("/entries/import", response_model=answers.Imported)
async def import_entries(
    fields: Annotated[
        actions.ImportEntries, Depends(JsonBody(actions.ImportEntries, MAX_BODY_BYTES))
    ],
    perform: Perform,
) -> Response:
    """Take in exported records, or requests with the answers that they got."""
    return await perform("import", fields)


@router.post("/entries/reembed", response_model=answers.Reembedded)
async def reembed_entries(
    fields: Annotated[
        actions.ReembedEntries, Depends(JsonBody(actions.ReembedEntries, MAX_BODY_BYTES))
    ],
    perform: Perform,
) -> Response:
    """Give the next entries of another embedder vectors of the one that serves."""
    return await perform("reembed", fields)


@router.post("/cache/clear", response_model=answers.Cleared | answers.WouldClear)
async def clear_cache(
    fields: Annotated[actions.ClearCache, Depends(JsonBody(actions.ClearCache, MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """Clear the entries that one selector names; without a selector nothing is cleared (400)."""
    return await perform("clear", fields)


@router.post("/feedback", response_model=FeedbackAnswer)
async def judge_answer(
    fields: Annotated[actions.JudgeAnswer, Depends(JsonBody(actions.JudgeAnswer, MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """Call an answer bad, or take that back."""
    return await perform("feedback", fields)


@router.post("/purge", response_model=answers.Purged)
async def purge(
    _: Annotated[actions.NoFields, Depends(JsonBody(actions.NoFields, MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """Delete what has expired from the semantic tier."""
    return await perform("purge")
