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
            "dashboard.css",
            "charts.js",
            "dashboard.js",
            "format.js",
            "nodes.js",
            "page.js",
            "recent.js",
            "spread.js",
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
