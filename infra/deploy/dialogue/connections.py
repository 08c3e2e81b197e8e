"""Whether what was answered is there and lets us in, tried before anything is built.

Each trial is one harmless request. A failure is reported in a line, without the secret.
"""

from collections.abc import Iterator
from typing import NamedTuple

import httpx

from infra.deploy.dialogue.answers import Answers

TIMEOUT_SECONDS = 10.0


class Tried(NamedTuple):
    """One connection, and how it went."""

    name: str
    ok: bool
    result: str


def tried(answers: Answers, client: httpx.Client) -> Iterator[Tried]:
    """Each connection that the answers name, in turn."""
    yield _upstream(answers, client)
    yield from stores_tried(answers, client)


def stores_tried(answers: Answers, client: httpx.Client) -> Iterator[Tried]:
    """The same of the stores alone."""
    if answers.upstash_url:
        yield _upstash(answers, client)
    if answers.qdrant_url:
        yield _qdrant(answers, client)


def models(answers: Answers, client: httpx.Client) -> list[str]:
    """The upstream's models, none where it does not list them."""
    try:
        listed = _get(client, f"{answers.upstream}/models", bearer=answers.upstream_key).json()
        return [str(model["id"]) for model in listed["data"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return []


def _upstream(answers: Answers, client: httpx.Client) -> Tried:
    name = f"upstream {answers.upstream}"
    try:
        response = _get(client, f"{answers.upstream}/models", bearer=answers.upstream_key)
    except httpx.HTTPError as exc:
        return Tried(name, ok=False, result=_unreachable(exc))
    if response.status_code in (401, 403):
        return Tried(name, ok=False, result=f"the key is refused ({response.status_code})")
    if response.status_code == 404:  # noqa: PLR2004 - HTTP
        return Tried(name, ok=True, result="reached; it lists no models, so the key is not tried")
    return _judged(name, response, "the key is accepted")


def _upstash(answers: Answers, client: httpx.Client) -> Tried:
    name = f"Upstash {answers.upstash_url}"
    try:
        response = client.post(
            answers.upstash_url,
            json=["PING"],
            headers={"authorization": f"Bearer {answers.upstash_token}"},
        )
    except httpx.HTTPError as exc:
        return Tried(name, ok=False, result=_unreachable(exc))
    if response.status_code == 200 and "PONG" not in response.text:  # noqa: PLR2004 - HTTP
        return Tried(name, ok=False, result="what answers there is no Redis REST API")
    return _judged(name, response, "the token is accepted")


def _qdrant(answers: Answers, client: httpx.Client) -> Tried:
    name = f"Qdrant {answers.qdrant_url}"
    headers = {"api-key": answers.qdrant_key} if answers.qdrant_key else {}
    try:
        response = client.get(f"{answers.qdrant_url}/collections", headers=headers)
    except httpx.HTTPError as exc:
        return Tried(name, ok=False, result=_unreachable(exc))
    if response.status_code == 200 and '"collections"' not in response.text:  # noqa: PLR2004 - HTTP
        return Tried(name, ok=False, result="what answers there is no Qdrant")
    return _judged(name, response, "the key is accepted")


def _get(client: httpx.Client, url: str, *, bearer: str) -> httpx.Response:
    return client.get(url, headers={"authorization": f"Bearer {bearer}"})


def _judged(name: str, response: httpx.Response, fine: str) -> Tried:
    if response.is_success:
        return Tried(name, ok=True, result=fine)
    if response.status_code in (401, 403):
        return Tried(name, ok=False, result=f"the key is refused ({response.status_code})")
    return Tried(name, ok=False, result=f"it answers with status {response.status_code}")


def _unreachable(exc: httpx.HTTPError) -> str:
    return f"it cannot be reached: {type(exc).__name__}: {exc}"
