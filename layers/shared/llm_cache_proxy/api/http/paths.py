"""Paths below `/v1` that more than one module names, and a request's own as it was sent."""

from urllib.parse import quote

from starlette.requests import Request

ROOT = "/v1"
OPENAPI = "/openapi.json"


def path_below_root(request: Request) -> str:
    """The path below `/v1` as the client wrote it: `%2F`, `%3F` and `%23` are no separators.

    Where the server keeps no raw path, the decoded one is encoded anew.
    """
    raw = bytes(request.scope.get("raw_path") or b"").partition(b"?")[0].decode("latin-1")
    if raw.startswith(f"{ROOT}/"):
        return raw.removeprefix(ROOT)
    return quote(request.scope["path"], safe="/:@!$&'()*+,;=~").removeprefix(ROOT)
