"""The embedding function's image, under Lambda's own emulator, as another user and read-only."""

import contextlib
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from samples.embedding.minilm import REFERENCES, ROOT, cosine
from servers.aws.docker_engine import require_image

BASE = "public.ecr.aws/lambda/python:3.13"
TAG = "llm-cache-proxy-embedding:test"
INVOKE = "/2015-03-31/functions/function/invocations"

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def image() -> str:
    require_image(BASE)
    docker("build", "-q", "-f", str(ROOT / "functions/embedding/Dockerfile"), "-t", TAG, str(ROOT))
    return TAG


@pytest.fixture(scope="module")
def function(image: str) -> Iterator[str]:
    """The address that invokes the function."""
    options = ["--user", "1000:1000", "--read-only", "--memory", "1g"]
    container = docker("run", "-d", "--rm", *options, "-p", "127.0.0.1::8080", image)
    try:
        port = docker("port", container, "8080/tcp").rpartition(":")[2]
        _wait(int(port))
        yield f"http://127.0.0.1:{port}{INVOKE}"
    finally:
        docker("kill", container)


def _wait(port: int) -> None:
    for _ in range(600):
        # Docker's own proxy accepts before the emulator does, so a connection proves nothing.
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
            return
        time.sleep(0.1)
    pytest.fail("The emulator did not start.")


def test_the_image_gives_the_vectors_of_sentence_transformers(function: str) -> None:
    texts = [reference.text for reference in REFERENCES]

    answer = httpx.post(function, json={"texts": texts}, timeout=180).json()

    assert answer["embedder_id"] == "minilm-l6-v2/onnx-fp32"
    for reference, found in zip(REFERENCES, answer["embeddings"], strict=True):
        assert cosine(reference.vector, found["embedding"]) >= 0.9999, reference.name
        assert found["tokens"] == reference.tokens, reference.name


def test_the_image_answers_an_apis_request(function: str) -> None:
    event = {
        "resource": "/embed",
        "path": "/embed",
        "httpMethod": "POST",
        "headers": {"content-type": "application/json"},
        "requestContext": {"path": "/embed", "httpMethod": "POST", "stage": "prod"},
        "body": '{"text": "What is Rust?"}',
        "isBase64Encoded": False,
    }

    answer = httpx.post(function, json=event, timeout=180).json()

    assert answer["statusCode"] == 200
    assert '"embedder_id":"minilm-l6-v2/onnx-fp32"' in answer["body"]
