"""The landing page and what it links to."""

from fastapi import APIRouter
from starlette.responses import Response

from llm_cache_proxy.api.description.endpoint import describe
from llm_cache_proxy.api.pages.files import PageFiles, without_slash

router = APIRouter(include_in_schema=False)
_SWAGGER = "fastapi_swagger.resources"
_LANDING = f"{__name__}.landing"
_FILES = PageFiles(
    f"{__name__}.docs",
    frozenset({"index.html", "docs.css", "docs.js"}),
    {
        "landing.html": (_LANDING, "index.html"),
        "landing.css": (_LANDING, "landing.css"),
        "landing.js": (_LANDING, "landing.js"),
        "swagger-ui-bundle.js": (_SWAGGER, "swagger-ui-bundle.js"),
        "swagger-ui.css": (_SWAGGER, "swagger-ui.css"),
    },
)


router.add_api_route("/openapi.json", describe, methods=["GET"], response_model=None)


@router.get("/", response_model=None)
async def landing() -> Response:
    """What leads to everything else."""
    return _FILES.response("landing.html")


@router.get("/docs", response_model=None)
async def docs() -> Response:
    """The description of the API, for people: Swagger UI."""
    return _FILES.response()


@router.get("/docs/", response_model=None)
async def docs_with_slash() -> Response:
    """Where the page is."""
    return without_slash("docs")


@router.get("/docs/{name}", response_model=None)
async def docs_file(name: str) -> Response:
    """A file of either page."""
    return _FILES.response(name)
