"""The dashboard's page: a few files of ours and the chart library, sent as they are.

Sends nothing but the files named here, under a policy that lets the page load from its own
origin alone.
"""

from functools import cache
from importlib import resources

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_PAGE = "index.html"
_CODE = "text/javascript; charset=utf-8"
_STYLE = "text/css; charset=utf-8"
_TYPES = {
    _PAGE: "text/html; charset=utf-8",
    "dashboard.css": _STYLE,
    "charts.js": _CODE,
    "dashboard.js": _CODE,
    "format.js": _CODE,
    "nodes.js": _CODE,
    "page.js": _CODE,
    "recent.js": _CODE,
    "spread.js": _CODE,
    "uplot.css": _STYLE,
    "uplot.js": _CODE,
    "uplot.txt": "text/plain; charset=utf-8",
}
_PLACES = {
    "uplot.css": "uplot/uplot.css",
    "uplot.js": "uplot/uplot.js",
    "uplot.txt": "uplot/LICENSE",
}
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


async def dashboard_file(request: Request) -> Response:
    """The page, or the file of it that the path names. Raises a 404 for any other name."""
    name = request.path_params.get("name", _PAGE)
    if name not in _TYPES:
        raise HTTPException(404)
    return Response(_text(name), headers={**_HEADERS, "content-type": _TYPES[name]})


@cache
def _text(name: str) -> bytes:
    return resources.files(__package__).joinpath(_PLACES.get(name, name)).read_bytes()
