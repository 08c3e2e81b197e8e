"""Asks a deployed stack the same thing twice, with a client key of its own for it.

The question is new with each deployment, so that the first answer is a miss and the second a hit.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import httpx

from infra.deploy.stack.aws import Aws

_TENANT = "deployment"
_KEY_SECONDS = 900
_GROQ_MODEL = "llama-3.1-8b-instant"
_TIMEOUT_SECONDS = 90.0


class SampleAnswer(NamedTuple):
    """One answer of the deployed stack."""

    status: int
    cache: str
    seconds: float
    summary: str


def base_url(outputs: Mapping[str, str], emulator: str | None) -> str:
    """The stack's base_url; an emulator serves every API below its own address."""
    url = outputs["BaseUrl"]
    if not emulator:
        return url
    api_id = url.removeprefix("https://").partition(".")[0]
    return f"{emulator.rstrip('/')}/_aws/execute-api/{api_id}/prod/v1"


def wait_until_it_answers(
    url: str, *, within_seconds: float = 60.0, pause_seconds: float = 1.0
) -> None:
    """Return once the stack's /health is served, and at the latest after `within_seconds`.

    A new API answers with errors of its own for some seconds after CloudFormation has made it.
    """
    health = f"{url.removesuffix('/v1')}/health"
    deadline = time.monotonic() + within_seconds
    with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
        while not _is_served(client, health) and time.monotonic() < deadline:
            time.sleep(pause_seconds)


def _is_served(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.HTTPError:
        return False


def model_to_ask(listed: list[str]) -> str:
    """A chat model of the upstream: Groq's small one, or the first that it lists."""
    speaking = [model for model in listed if "whisper" not in model and "embed" not in model]
    return _GROQ_MODEL if _GROQ_MODEL in listed or not speaking else speaking[0]


@contextmanager
def client_key(aws: Aws, function: str) -> Iterator[str]:
    """A client key that ends with the block, and within minutes where that fails."""
    made = aws.act(
        function,
        {
            "action": "create_key",
            "tenant": _TENANT,
            "name": "asked after a deployment",
            "expires_in_seconds": _KEY_SECONDS,
        },
    )
    try:
        yield str(made["key"])
    finally:
        aws.act(function, {"action": "revoke_key", "id": made["id"]})


def ask_twice(url: str, key: str, *, model: str, revision: str) -> list[SampleAnswer]:
    """Both answers; a stack that does not answer has status 0."""
    question = f"Answer with the single word 'ready'. (Deployment {revision})"
    body = {
        "model": model,
        "messages": [{"role": "user", "content": question}],
    }
    with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
        return [_ask(client, url, key, body) for _ in range(2)]


def _ask(client: httpx.Client, url: str, key: str, body: Mapping[str, object]) -> SampleAnswer:
    try:
        response = client.post(
            f"{url}/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}
        )
    except httpx.HTTPError as exc:
        return SampleAnswer(0, "", 0.0, f"{type(exc).__name__}: {exc}")
    summary = (
        response.headers.get("x-cache-reason", "") if response.is_success else response.text[:300]
    )
    cache = response.headers.get("x-cache", "")
    return SampleAnswer(response.status_code, cache, response.elapsed.total_seconds(), summary)
