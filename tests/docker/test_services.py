"""compose.yaml: the proxy with Redis, Qdrant and the embedding service, in containers.

Qdrant's image comes from a registry. Where it cannot be had, tests' own Qdrant stands in for it, in
the proxy's image; everything else is what the file says.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from infra.sam_local.machine import PYTHON_IMAGE, has_image
from infra.tools import ROOT

from servers.aws.docker_engine import require_compose, require_image

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]

NAME = f"llm-cache-proxy-services-{os.getpid()}"
IMAGE = "llm-cache-proxy:test"
QDRANT = "qdrant/qdrant:v1.17.0"
ENVIRONMENT = {
    "PORT": "0",  # any that is free
    "PYTHON_IMAGE": PYTHON_IMAGE,
    "PROXY_IMAGE": IMAGE,
    "ADMIN_KEY": "for-the-test",
    "DOCKER_BUILDKIT": "0",  # the classic builder takes a base image that is only here
}
STAND_IN = {
    "services": {
        "qdrant": {
            "image": IMAGE,
            "command": ["python", "-m", "servers.qdrant.rest_server", "--host", "0.0.0.0"],
            "environment": {"PYTHONPATH": "/tests"},
            "volumes": [f"{ROOT / 'tests'}:/tests:ro"],
        }
    }
}


def compose(*arguments: str, files: tuple[str, ...] = ("compose.yaml",)) -> str:
    named = [word for file in files for word in ("--file", file)]
    done = subprocess.run(
        ["docker", "compose", *named, "--project-name", NAME, *arguments],
        cwd=ROOT,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def as_configured() -> Mapping[str, Any]:
    require_compose()
    services: Mapping[str, Any] = json.loads(compose("config", "--format", "json"))["services"]
    return services


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[str, ...]]:
    """The files of the project that is up."""
    require_compose()
    require_image("redis:7")
    require_image(PYTHON_IMAGE)
    compose("build", "proxy")
    files: tuple[str, ...] = ("compose.yaml",)
    with tempfile.TemporaryDirectory() as folder:
        if not has_image(QDRANT):
            override = Path(folder, "qdrant.json")
            override.write_text(json.dumps(STAND_IN), encoding="utf-8")
            files = (*files, str(override))
        try:
            compose("up", "--detach", "--wait", "--no-build", files=files)
            yield files
        finally:
            compose("down", "--volumes", "--timeout", "1", files=files)


@pytest.fixture
def url(running: tuple[str, ...]) -> str:
    return f"http://{compose('port', 'proxy', '3000', files=running).strip()}"


def ask(url: str, text: str) -> httpx.Response:
    message = {"role": "user", "content": text}
    body = {"model": "llama-3.1-8b-instant", "messages": [message]}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=180)


def test_the_services_are_the_proxy_and_the_three_that_it_uses() -> None:
    assert as_configured().keys() == {"proxy", "embedding", "redis", "qdrant"}


def test_the_proxy_alone_is_published_and_on_this_machine_alone() -> None:
    published = {
        (name, port["host_ip"])
        for name, service in as_configured().items()
        for port in service.get("ports", ())
    }

    assert published == {("proxy", "127.0.0.1")}


def test_each_tier_answers(url: str) -> None:
    answers = [ask(url, text) for text in ("What is Rust?", "What is Rust?")]
    similar = ask(url, "Tell me what Rust is")

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT-EXACT"]
    assert similar.headers["x-cache"] == "HIT-SEMANTIC"


def test_every_part_says_that_it_is_well(url: str) -> None:
    answer = httpx.get(f"{url}/admin/health", headers={"x-admin-key": "for-the-test"}, timeout=30)

    assert answer.json()["status"] == "ok", answer.text
    assert httpx.get(f"{url}/admin/health", timeout=30).status_code == 401


def test_no_service_of_ours_runs_as_root(running: tuple[str, ...]) -> None:
    for name in ("proxy", "embedding"):
        user = compose("exec", "-T", name, "id", "-u", files=running).strip()

        assert user == "65532", name


def test_the_image_has_no_tools_that_the_proxy_does_not_use(running: tuple[str, ...]) -> None:
    shown = compose(
        "exec", "-T", "proxy", "python", "-c",
        "import importlib.util as u; print(u.find_spec('pytest'), u.find_spec('mypy'))",
        files=running,
    )  # fmt: skip

    assert shown.split() == ["None", "None"]
