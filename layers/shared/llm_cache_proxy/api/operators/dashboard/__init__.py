"""The dashboard's page: a few files of ours and the chart library, for everyone to load."""

from fastapi import APIRouter
from starlette.responses import Response

from llm_cache_proxy.api.pages.files import PageFiles, without_slash

router = APIRouter(include_in_schema=False)
_FILES = PageFiles(
    __name__,
    frozenset(
        {
            "answer.js",
            "cards.js",
            "charts.js",
            "clearing.js",
            "counts.js",
            "dashboard.css",
            "dashboard.js",
            "dialogs.css",
            "dialogs.js",
            "difference.js",
            "entries.html",
            "entries.js",
            "entry.js",
            "figures.css",
            "filters.js",
            "format.js",
            "histogram.js",
            "index.html",
            "interval.js",
            "key_dialogs.js",
            "key_form.js",
            "key_names.js",
            "keys.html",
            "keys.js",
            "learning.js",
            "line.js",
            "meter.js",
            "nodes.js",
            "notice.js",
            "overview.html",
            "overview.js",
            "parts.js",
            "place.js",
            "request.js",
            "requests.html",
            "requests.js",
            "result.js",
            "scale.js",
            "semantic.html",
            "semantic.js",
            "server.js",
            "spread.js",
            "status.js",
            "tables.css",
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


@router.get("/dashboard/{name}", response_model=None)
async def dashboard_file(name: str) -> Response:
    """One of its files."""
    return _FILES.response(name)
