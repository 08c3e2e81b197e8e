"""`python -m infra.check_deployed`; its variables: BASE_URL, API_KEY, ADMIN_KEY, MODEL, WRITE."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import httpx

from infra.check_deployed.checks import (
    FOR_OPERATORS,
    WITH_A_KEY,
    WITHOUT_A_KEY,
    WRONG_KEY,
    Check,
    as_sent,
    that_write,
)

_TIMEOUT_SECONDS = 90.0
_MODEL = "llama-3.1-8b-instant"


class Target(NamedTuple):
    """A stack, and who calls it."""

    root: str
    keys: Mapping[str, str]
    model: str


def chosen(environment: Mapping[str, str]) -> Iterator[Check]:
    """Those that the keys at hand allow."""
    yield from WITHOUT_A_KEY
    if environment.get("API_KEY"):
        yield from WITH_A_KEY
        if environment.get("WRITE"):
            yield from that_write(secrets.token_hex(6))
    if environment.get("ADMIN_KEY"):
        yield from FOR_OPERATORS


def target(environment: Mapping[str, str]) -> Target:
    """The stack at BASE_URL, which ends in /v1."""
    keys = {
        "client": environment.get("API_KEY", ""),
        "admin": environment.get("ADMIN_KEY", ""),
        "wrong": WRONG_KEY,
    }
    root = environment["BASE_URL"].rstrip("/").removesuffix("/v1")
    return Target(root, keys, environment.get("MODEL") or _MODEL)


def run(check: Check, at: Target, client: httpx.Client) -> str | None:
    """What is wrong; None where the check is passed."""
    # On a connection of its own: a refused body may be left unread on one that is kept.
    headers = {"content-type": "application/json", "connection": "close", **check.headers}
    if check.key is not None:
        headers["authorization"] = f"Bearer {at.keys[check.key]}"
    try:
        response = client.request(
            check.method, at.root + check.path, content=as_sent(check, at.model), headers=headers
        )
    except httpx.HTTPError as exc:
        return f"{type(exc).__name__}: {exc}"
    return check.verdict(response)


def main(environment: Mapping[str, str]) -> int:
    """Exit status 0: every check is passed. 1: some are not. 2: there is no BASE_URL."""
    if not environment.get("BASE_URL"):
        sys.stderr.write("BASE_URL: expected the stack's base_url, which ends in /v1\n")
        return 2
    at = target(environment)
    failed = 0
    checks = [*chosen(environment)]
    with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
        for check in checks:
            wrong = run(check, at, client)
            failed += wrong is not None
            line = f"{'FAIL' if wrong else 'ok  '}  {check.name}{f': {wrong}' if wrong else ''}\n"
            sys.stdout.write(line)
    sys.stdout.write(f"{len(checks)} checks, {failed} failed\n")
    for name, what in (("API_KEY", "a client's"), ("ADMIN_KEY", "the operators'")):
        if not environment.get(name):
            sys.stdout.write(f"More are run with {name}, {what} key.\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(os.environ))
