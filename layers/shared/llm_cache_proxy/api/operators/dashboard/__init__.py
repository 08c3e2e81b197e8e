"""The dashboard's page: a few files of ours and the chart library, for everyone to load."""

from fastapi import APIRouter
from starlette.responses import Response

from llm_cache_proxy.api.pages.files import PageFiles, without_slash

router = APIRouter(include_in_schema=False)
_FILES = PageFiles(
    __name__,
    frozenset(
        {
            "index.html",
            "pages/entries.html",
            "pages/keys.html",
            "pages/overview.html",
            "pages/requests.html",
            "pages/semantic.html",
            "scripts/entries/clearing.js",
            "scripts/entries/entries.js",
            "scripts/entries/entry.js",
            "scripts/figures/cards.js",
            "scripts/figures/charts.js",
            "scripts/figures/counts.js",
            "scripts/figures/histogram.js",
            "scripts/figures/interval.js",
            "scripts/figures/meter.js",
            "scripts/figures/scale.js",
            "scripts/figures/spread.js",
            "scripts/keys/key_dialogs.js",
            "scripts/keys/keys.js",
            "scripts/overview/overview.js",
            "scripts/overview/parts.js",
            "scripts/requests/difference.js",
            "scripts/requests/line.js",
            "scripts/requests/request.js",
            "scripts/requests/requests.js",
            "scripts/requests/result.js",
            "scripts/semantic/learning.js",
            "scripts/semantic/semantic.js",
            "scripts/shared/answer.js",
            "scripts/shared/dialogs.js",
            "scripts/shared/format.js",
            "scripts/shared/nodes.js",
            "scripts/shared/notice.js",
            "scripts/shared/place.js",
            "scripts/shared/server.js",
            "scripts/shell/dashboard.js",
            "scripts/shell/filters.js",
            "scripts/shell/key_form.js",
            "scripts/shell/key_names.js",
            "scripts/shell/status.js",
            "styles/dashboard.css",
            "styles/dialogs.css",
            "styles/figures.css",
            "styles/tables.css",
        }
    ),
    {
        "uplot.css": (__name__, "uplot/uplot.css"),
        "uplot.js": (__name__, "uplot/uplot.js"),
        "uplot.txt": (__name__, "uplot/LICENSE"),
    },
)


@router.get("/dashboard", response_model=None)
async def dashboard() -> Response:
    """The page."""
    return _FILES.response()


@router.get("/dashboard/", response_model=None)
async def dashboard_with_slash() -> Response:
    """Where the page is."""
    return without_slash("dashboard")


@router.get("/dashboard/{name:path}", response_model=None)
async def dashboard_file(name: str) -> Response:
    """One of its files."""
    return _FILES.response(name)
