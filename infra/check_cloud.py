"""`make check-cloud`: every contract suite of the stores, on somebody's own managed services.

A Qdrant is given a collection of its own, which goes with the tests. An Upstash has to be empty,
since the tests empty it between each other: one that holds anything is left alone.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlsplit

import httpx
import redis

from infra.deploy.dialogue.answers import Answers, fits_a_header
from infra.deploy.dialogue.connections import TIMEOUT_SECONDS, Tried, stores_tried
from infra.deploy.dialogue.questions import is_url_or_empty
from infra.tools import ROOT

_SUITES = ("tests/contract/exact_store", "tests/contract/vector_store")
_REDIS_PORT = 6379
_ADDRESSES = ("UPSTASH_REDIS_REST_URL", "QDRANT_URL")
_SECRETS = ("UPSTASH_REDIS_REST_TOKEN", "QDRANT_API_KEY")


class NotUsable(Exception):
    """The database holds something, or is not reached; the message says which, and no secret."""


def main(environment: Mapping[str, str]) -> int:
    """Exit status 0: every suite is passed. 2: there is nothing to run them on."""
    environment = {**environment, **{name: environment.get(name, "").strip() for name in _SECRETS}}
    for name in _SECRETS:
        if not fits_a_header(environment[name]):
            sys.stderr.write(f"{name}: expected one line of ASCII without spaces\n")
            return 2
    for name in _ADDRESSES:
        if not is_url_or_empty(environment.get(name, "")):
            sys.stderr.write(f"{name}: expected a URL without a user's name or password\n")
            return 2
    given = dict(environment)
    for trial in _refusing(environment):
        sys.stderr.write(f"{trial.name}: {trial.result}\n")
        return 2
    kinds = ["qdrant"] if environment.get("QDRANT_URL") else []
    if environment.get("UPSTASH_REDIS_REST_URL"):
        try:
            given |= managed(environment)
        except NotUsable as exc:
            sys.stderr.write(f"{exc}\n")
            return 2
        kinds.append("managed")
    if not kinds:
        sys.stderr.write("Expected QDRANT_URL, UPSTASH_REDIS_REST_URL with its token, or both.\n")
        return 2
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *_SUITES]
    command += ["-k", " or ".join(kinds)]
    done = subprocess.run(command, cwd=ROOT, env=given, check=False)  # noqa: S603 - pytest
    return done.returncode


def _refusing(environment: Mapping[str, str]) -> Iterator[Tried]:
    """The services that cannot be reached or do not let us in."""
    answers = Answers(
        stage="",
        region="",
        upstash_url=environment.get("UPSTASH_REDIS_REST_URL", "").rstrip("/"),
        upstash_token=environment.get("UPSTASH_REDIS_REST_TOKEN", ""),
        qdrant_url=environment.get("QDRANT_URL", "").rstrip("/"),
        qdrant_key=environment.get("QDRANT_API_KEY", ""),
    )
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        yield from (trial for trial in stores_tried(answers, client) if not trial.ok)


def managed(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment that points the suites at an Upstash. Raises NotUsable.

    UPSTASH_REDIS_URL names it in Redis's own protocol where that is not the REST API's host with
    its token, as Upstash has it. Both addresses are asked: the suites write by one and look by the
    other.
    """
    url = environment["UPSTASH_REDIS_REST_URL"].rstrip("/")
    token = environment.get("UPSTASH_REDIS_REST_TOKEN", "")
    password, host = quote(token, safe=""), urlsplit(url).hostname
    beside = (
        environment.get("UPSTASH_REDIS_URL") or f"rediss://default:{password}@{host}:{_REDIS_PORT}"
    )
    for name, held in (
        ("UPSTASH_REDIS_REST_URL", _held_by_rest(url, token)),
        ("UPSTASH_REDIS_URL", _held_by_redis(beside)),
    ):
        if held:
            raise NotUsable(
                f"{name}: the database holds {held} keys; give an empty one, made for these tests"
            )
    return {
        "MANAGED_UPSTASH_URL": url,
        "MANAGED_UPSTASH_TOKEN": token,
        "MANAGED_REDIS_URL": beside,
    }


def _held_by_rest(url: str, token: str) -> int:
    try:
        response = httpx.post(
            url,
            json=["DBSIZE"],
            headers={"authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
        )
        return int(response.raise_for_status().json()["result"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as exc:
        raise NotUsable(f"UPSTASH_REDIS_REST_URL: it does not answer DBSIZE: {exc}") from exc


def _held_by_redis(url: str) -> int:
    name = "UPSTASH_REDIS_URL (REST URL's host and token by default)"
    try:
        client = redis.Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS)
    except ValueError:  # its message may show part of a password
        raise NotUsable(f"{name}: it is no Redis URL; is its password percent-encoded?") from None
    try:
        return int(client.dbsize())
    except redis.RedisError as exc:
        raise NotUsable(f"{name}: {exc}") from exc
    finally:
        client.close()


if __name__ == "__main__":
    sys.exit(main(os.environ))
