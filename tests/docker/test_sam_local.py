"""The stack as `sam build` makes it and `sam local` runs it, in Docker."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from infra.layer_requirements import LAYER
from infra.sam_local.machine import BUILD_IMAGE, PYTHON_IMAGE, architecture, sam_environment
from infra.sam_local.services import free_port, invoke_once, network, wait_until_running
from infra.sam_local.stack import SamLocal, sam_local
from infra.tools import sam
from packaging.utils import canonicalize_name

from samples.stack.template import ROOT
from servers.aws.docker_engine import STACK_BUILD, image_bytes, require_image

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]

KEY = "operator"
MODEL = "llama-3.1-8b-instant"
UNZIPPED_MEGABYTES = 40
IMAGE_MEGABYTES = 220  # without its base, which every function's image shares


@contextmanager
def qdrant_for_containers() -> Iterator[str]:
    """A Qdrant test server on an address of this machine that containers reach."""
    with network(f"llm-cache-proxy-test-{os.getpid()}") as host:
        port = free_port(host)
        with subprocess.Popen(
            [
                sys.executable,
                "-m",
                "servers.qdrant.rest_server",
                "--host",
                host,
                "--port",
                str(port),
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                _wait_for(f"http://{host}:{port}/readyz")
                yield f"http://{host}:{port}"
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def stack() -> Iterator[SamLocal]:
    """Leaving it fails where a container is still on the network."""
    require_image(f"{PYTHON_IMAGE}-{architecture()}")
    require_image(f"{BUILD_IMAGE}-{architecture()}")
    require_image("redis:7")
    with qdrant_for_containers() as qdrant:
        environment = {"QDRANT_URL": qdrant, "ADMIN_KEY": KEY}
        port = free_port("127.0.0.1")
        with sam_local(build_dir=STACK_BUILD, port=port, environment=environment) as running:
            yield running


@pytest.fixture(scope="module")
def client(stack: SamLocal) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.api, timeout=180) as client:
        yield client


def ask(client: httpx.Client, text: str, **fields: object) -> httpx.Response:
    message = {"role": "user", "content": text}
    body = {"model": MODEL, "messages": [message], **fields}
    response = client.post("/v1/chat/completions", json=body)
    assert response.status_code == 200, response.text
    return response


def megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def direct(stack: SamLocal, event: object) -> Any:
    """What `aws lambda invoke --endpoint-url` sends and gets."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    functions = boto3.client(
        "lambda", endpoint_url=stack.functions, region_name="us-east-1", config=config
    )
    answer = functions.invoke(FunctionName="AdminFunction", Payload=json.dumps(event).encode())
    with answer["Payload"] as body:
        return json.loads(body.read())


def test_each_tier_answers_in_turn(client: httpx.Client) -> None:
    first = ask(client, "What is Rust?")
    same = ask(client, "what is  rust?")
    reworded = ask(client, "Tell me what Rust is")
    promoted = ask(client, "Tell me what Rust is")

    answers = [first, same, reworded, promoted]
    assert [answer.headers["x-cache"] for answer in answers] == [
        "MISS",
        "HIT-EXACT",
        "HIT-SEMANTIC",
        "HIT-EXACT",
    ]
    assert float(reworded.headers["x-cache-similarity"]) == pytest.approx(0.94, abs=0.01)
    assert len({answer.json()["choices"][0]["message"]["content"] for answer in answers}) == 1


def test_a_stream_arrives_in_one_body(client: httpx.Client) -> None:
    missed = ask(client, "What is a stream of text?", stream=True)
    hit = ask(client, "What is a stream of text?", stream=True)

    assert [missed.headers["x-cache"], hit.headers["x-cache"]] == ["MISS", "HIT-EXACT"]
    for answer in (missed, hit):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.text.rstrip().endswith("data: [DONE]")


def test_numbers_are_counted_and_behind_the_admin_key(client: httpx.Client) -> None:
    def total() -> int:
        answer = client.get("/metrics", headers={"authorization": f"Bearer {KEY}"})
        return int(answer.json()["cache_performance"]["total_requests"])

    before = total()

    ask(client, "What is counted?")
    ask(client, "What is counted?")

    assert total() == before + 2
    assert client.get("/metrics").status_code == 401


def test_an_operator_is_answered_by_direct_invocation(
    client: httpx.Client, stack: SamLocal
) -> None:
    ask(client, "What is an operator?")

    by_aws = direct(stack, {"action": "count"})
    by_sam = invoke_once(stack.around, "AdminFunction", {"action": "count"})

    assert by_aws["entries"]["exact"] == by_aws["entries"]["semantic"] > 0
    assert by_sam == by_aws


def test_clearing_empties_both_tiers(client: httpx.Client, stack: SamLocal) -> None:
    ask(client, "What is cleared?")

    cleared = client.post("/admin/cache/clear", json={"all": True}, headers={"x-admin-key": KEY})

    assert cleared.json()["cleared"]["exact"] > 0
    assert direct(stack, {"action": "count"})["entries"] == {"exact": 0, "semantic": 0}
    assert ask(client, "What is cleared?").headers["x-cache"] == "MISS"


@pytest.mark.usefixtures("stack")
def test_the_layer_carries_what_is_locked_and_nothing_else() -> None:
    carried = {
        f"{canonicalize_name(found.name)}=={found.version}"
        for found in distributions(path=[str(STACK_BUILD / "SharedLayer/python")])
    }

    locked = (ROOT / LAYER).read_text(encoding="utf-8").splitlines()
    assert carried == {line for line in locked if not line.startswith("#")}


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("function", ["Completions", "Metrics", "Admin", "Provision"])
def test_a_zip_function_and_its_layer_are_far_from_the_limit(function: str) -> None:
    layer = megabytes(STACK_BUILD / "SharedLayer")
    own = megabytes(STACK_BUILD / f"{function}Function")

    assert (STACK_BUILD / "SharedLayer" / "python" / "llm_cache_proxy" / "py.typed").is_file()
    assert layer + own <= UNZIPPED_MEGABYTES


@pytest.mark.usefixtures("stack")
def test_the_embedding_image_adds_little_to_its_base() -> None:
    added = image_bytes("embeddingfunction:latest") - image_bytes(PYTHON_IMAGE)

    assert 0 < added <= IMAGE_MEGABYTES * 1e6


def _wait_for(url: str) -> None:
    for _ in range(1_200):
        try:
            httpx.get(url, timeout=5)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"{url} does not answer")


@pytest.mark.usefixtures("stack")
def test_plain_sam_local_needs_nothing_beside_it() -> None:
    """By the default environment of samconfig.toml; the stack fixture has built the functions."""
    port = free_port("127.0.0.1")
    log = STACK_BUILD.with_name("plain-sam-local.log")
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [
                *(sam(), "local", "start-api", "--template-file", STACK_BUILD / "template.yaml"),
                *("--config-file", ROOT / "samconfig.toml", "--port", str(port)),
            ],
            env=sam_environment(),
            stdout=output,
            stderr=output,
        )
        try:
            wait_until_running(process, log)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
                first, second = (ask(client, "What needs nothing?") for _ in range(2))
        finally:
            process.terminate()
            process.wait(timeout=180)

    assert [first.status_code, second.status_code] == [200, 200], first.text
    assert [first.headers["x-cache"], second.headers["x-cache"]] == ["MISS", "HIT-EXACT"]
