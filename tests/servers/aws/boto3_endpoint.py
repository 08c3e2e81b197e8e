"""A service of AWS's that boto3 finds, for functions that read their settings from it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.types import ASGIApp

from servers.thread import ThreadServer


@contextmanager
def boto3_endpoint(app: ASGIApp, service: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`app` in place of `service`; log levels, which settings change, are put back afterwards."""
    levels = {name: logging.getLogger(name).level for name in (None, "httpx", "mangum")}
    with ThreadServer(app).running() as server:
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", server.url)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
