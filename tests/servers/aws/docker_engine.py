"""What tests need of Docker: an engine that answers, and images."""

import subprocess

from infra.sam_local.machine import has_image
from infra.tools import ROOT

from servers.requirements import missing, require_program

STACK_BUILD = ROOT / "build" / "sam-test"
"""Where tests build the stack, one after the other: it is built once (tests/conftest.py)."""

_ENGINE_SECONDS = 30
_PULL_SECONDS = 600


def require_image(name: str) -> str:
    """The image's name; where it is neither here nor to be pulled, the test is left out."""
    require_engine()
    if not has_image(name):
        pulled = _run("docker", "pull", "-q", name, timeout_seconds=_PULL_SECONDS)
        if pulled.returncode:
            missing(f"needs the image {name}, which cannot be pulled")
    return name


def require_engine() -> None:
    """Leave the test out where no Docker engine answers."""
    require_program("docker")
    asked = _run("docker", "version", timeout_seconds=_ENGINE_SECONDS)
    if asked.returncode:
        missing(f"needs a Docker engine that answers: {asked.stderr.strip()}")


def require_compose() -> None:
    """The same where Docker has no `compose`."""
    require_engine()
    if _run("docker", "compose", "version", timeout_seconds=_ENGINE_SECONDS).returncode:
        missing("needs `docker compose`")


def image_bytes(name: str) -> int:
    """The image's size with all of its layers."""
    shown = _run("docker", "image", "inspect", "--format", "{{.Size}}", name, timeout_seconds=30)
    assert shown.returncode == 0, shown.stderr
    return int(shown.stdout)


def _run(*command: str, timeout_seconds: int) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=timeout_seconds
    )
