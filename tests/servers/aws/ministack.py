"""MiniStack, an AWS of this machine: CloudFormation, API Gateway, Lambda, SSM, S3 and others.

It runs zip functions in Python processes of its own environment, so what they need comes with
the layer, and answers on one port.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from infra.localstack.deployment import CREDENTIALS
from infra.sam_local.services import free_port

from servers.requirements import require_tool

_START_SECONDS = 120.0


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """Its URL; what it writes goes into `folder`."""
    programs = require_tool("ministack") / "bin"
    port = free_port("127.0.0.1")
    log = folder / "ministack.log"
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            [programs / "ministack"],
            cwd=folder,
            env={
                **CREDENTIALS,
                "PATH": f"{programs}:{os.environ['PATH']}",
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "GATEWAY_PORT": str(port),
                "BIND_HOST": "127.0.0.1",
            },
            stdout=output,
            stderr=output,
        ) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_healthy(url, log)
            yield url
        finally:
            process.terminate()


def _wait_until_healthy(url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            if httpx.get(f"{url}/_ministack/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.1)
