"""The files of a page, sent as they are under a policy that lets it load from its own origin alone.

Sends nothing but the files that the page names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from starlette.exceptions import HTTPException
from starlette.responses import Response

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
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
Place = tuple[str, str]
"""A package, and a path inside it."""


@dataclass(frozen=True, slots=True)
class PageFiles:
    """`package` holds the files `names`; `elsewhere` says where others lie, by their name."""

    package: str
    names: frozenset[str]
    elsewhere: Mapping[str, Place] = field(default_factory=dict)

    def response(self, name: str = "index.html") -> Response:
        """The file. Raises a 404 for any other name."""
        if name in self.elsewhere:
            package, path = self.elsewhere[name]
        elif name in self.names:
            package, path = self.package, name
        else:
            raise HTTPException(404)
        kind = _TYPES[name.rpartition(".")[2]]
        return Response(_content(package, path), headers={**_HEADERS, "content-type": kind})


def without_slash(page: str) -> Response:
    """A redirect from `page/` to `page`, below which its files lie.

    Relative, so that it does not depend on the Host header, nor on a stage's path.
    """
    return Response(status_code=307, headers={"location": f"../{page}"})


@cache
def _content(package: str, path: str) -> bytes:
    return resources.files(package).joinpath(path).read_bytes()
