"""localstack-compose.yml, as far as its images can be had, and `--config-env local` over it.

Not run here: LocalStack and Qdrant, whose images come from a registry. Their part of the file is
read, not started.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from infra.sam_local.machine import PYTHON_IMAGE, architecture, build, sam_environment
from infra.sam_local.services import free_port, wait_until_running
from infra.tools import sam

from samples.stack.template import ROOT
from servers.aws.docker_engine import STACK_BUILD, require_compose, require_image

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]

_STARTED = ("redis-rest", "embedding", "upstream")
NAME = f"llm-cache-proxy-compose-{os.getpid()}"
TOKEN = "word"
INVOKE = "/2015-03-31/functions/function/invocations"
COMPOSE = ("docker", "compose", "--file", "localstack-compose.yml", "--project-name", NAME)
ENVIRONMENT = {
    "NETWORK": NAME,
    "REDIS_PORT": "0",  # any that is free
    "REDIS_REST_PORT": "0",
    "EMBEDDING_PORT": "0",
    "UPSTREAM_PORT": "0",
    "UPSTASH_REDIS_REST_TOKEN": TOKEN,
    "PYTHON_IMAGE": PYTHON_IMAGE,
    "REDIS_REST_IMAGE": f"{NAME}-rest",
    "EMBEDDING_IMAGE": "llm-cache-proxy-embedding:test",
    "DOCKER_BUILDKIT": "0",  # the classic builder takes a base image that is only here
}


def compose(*arguments: str) -> str:
    done = subprocess.run(
        [*COMPOSE, *arguments],
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
    answer = compose("--profile", "localstack", "config", "--format", "json")
    services: Mapping[str, Any] = json.loads(answer)["services"]
    return services


@dataclass(frozen=True, slots=True)
class Services:
    """Addresses on this machine of what compose has started."""

    redis_rest: str
    embedding: str


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    require_compose()
    require_image("redis:7")
    require_image(PYTHON_IMAGE)
    try:
        # Qdrant, of the same profile, is named by none and so not started.
        compose("--profile", "local", "up", "--detach", "--wait", *_STARTED)
        yield Services(
            f"http://{compose('port', 'redis-rest', '8079').strip()}",
            f"http://{compose('--profile', 'local', 'port', 'embedding', '8080').strip()}",
        )
    finally:
        compose("--profile", "local", "down", "--volumes", "--timeout", "1")
        subprocess.run(["docker", "rmi", "-f", f"{NAME}-rest"], capture_output=True, check=False)


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[httpx.Client]:
    """The API of `sam local start-api --config-env local`, as samconfig.toml has it."""
    assert services.embedding
    parameters = {"Architecture": architecture(), "ResponseTransferMode": "BUFFERED"}
    build(build_dir=STACK_BUILD, parameters=parameters)
    port = free_port("127.0.0.1")
    log = STACK_BUILD.with_name("sam-compose.log")
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            [
                *(sam(), "local", "start-api", "--config-env", "local"),
                *("--config-file", str(ROOT / "samconfig.toml")),
                *("--template-file", str(STACK_BUILD / "template.yaml")),
                *("--docker-network", NAME, "--port", str(port)),  # ours, beside anyone else's
            ],
            cwd=ROOT,
            env=sam_environment(),
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            wait_until_running(process, log)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                yield client
        finally:
            process.terminate()
            process.wait(timeout=180)


def test_the_services_are_those_that_the_docs_name() -> None:
    services = as_configured()

    assert services.keys() == {
        *("redis", "redis-rest", "qdrant", "embedding", "upstream", "localstack"),
    }
    assert services["localstack"]["image"] == "localstack/localstack:4.14.0"
    assert {name for name, service in services.items() if "profiles" not in service} == {
        "redis",
        "redis-rest",
    }


def test_every_service_says_when_it_is_healthy_and_listens_on_this_machine_alone() -> None:
    for name, service in as_configured().items():
        assert service["healthcheck"]["test"], name
        assert {port["host_ip"] for port in service["ports"]} == {"127.0.0.1"}, name


def test_localstacks_token_and_network_are_passed_on() -> None:
    given = as_configured()["localstack"]["environment"]

    assert given["LOCALSTACK_AUTH_TOKEN"] == os.environ.get("LOCALSTACK_AUTH_TOKEN", "")
    assert given["LAMBDA_DOCKER_NETWORK"] == NAME


def test_redis_answers_in_upstashs_protocol(services: Services) -> None:
    def said(token: str, *commands: list[str]) -> httpx.Response:
        bearer = {"authorization": f"Bearer {token}"}
        return httpx.post(
            f"{services.redis_rest}/pipeline", json=commands, headers=bearer, timeout=30
        )

    answer = said(TOKEN, ["SET", "a", "1"], ["GET", "a"])

    assert answer.json() == [{"result": "OK"}, {"result": "1"}]
    assert said("other", ["GET", "a"]).status_code == 401


def test_the_embedding_container_answers_over_http(services: Services) -> None:
    answer = httpx.post(f"{services.embedding}{INVOKE}", json={"text": "Rust"}, timeout=180)

    assert len(answer.json()["embedding"]) == 384


def test_the_local_environment_answers_and_then_from_its_redis(client: httpx.Client) -> None:
    question = {
        "model": "llama-3.1-8b-instant",
        "messages": [{"role": "user", "content": "What is compose?"}],
    }

    first = client.post("/v1/chat/completions", json=question)
    second = client.post("/v1/chat/completions", json=question)

    assert [first.status_code, second.status_code] == [200, 200], first.text
    assert [first.headers["x-cache"], second.headers["x-cache"]] == ["MISS", "HIT-EXACT"]


def test_the_local_environment_embeds_in_the_container(client: httpx.Client) -> None:
    answer = client.post(
        "/v1/embeddings", json={"model": "all-MiniLM-L6-v2", "input": "What is compose?"}
    )

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"][0]["embedding"]) == 384
