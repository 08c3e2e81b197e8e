"""`python -m infra.check_deployed`; its variables: BASE_URL, API_KEY, ADMIN_KEY, MODEL, WRITE."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
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
from infra.deploy.dialogue.answers import fits_a_header

_TIMEOUT_SECONDS = 90.0
_MODEL = "llama-3.1-8b-instant"
_YES = ("1", "true", "yes")
_KEYS = {"client": "API_KEY", "admin": "ADMIN_KEY"}
"""The variable of each key."""


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
        if environment.get("WRITE") in _YES:
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
    """Exit status 0: every check is passed. 1: some are not. 2: a variable is none."""
    if not environment.get("BASE_URL", "").startswith(("http://", "https://")):
        sys.stderr.write("BASE_URL: expected the stack's base_url, https://.../v1\n")
        return 2
    environment = {**environment, **{name: _line(environment, name) for name in _KEYS.values()}}
    for name in _KEYS.values():
        if not fits_a_header(environment[name]):
            sys.stderr.write(f"{name}: expected one line of ASCII without spaces\n")
            return 2
    at = target(environment)
    with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
        try:
            client.get(f"{at.root}/health")
        except httpx.HTTPError as exc:
            sys.stderr.write(f"BASE_URL: it cannot be reached: {type(exc).__name__}: {exc}\n")
            return 1
        failed = _failures([*chosen(environment)], at, client)
    for name, what in (("API_KEY", "a client's"), ("ADMIN_KEY", "the operators'")):
        if not environment.get(name):
            sys.stdout.write(f"More are run with {name}, {what} key.\n")
    return int(failed > 0)


def _line(environment: Mapping[str, str], name: str) -> str:
    """A variable's text without the line's end that it may have been read with."""
    return environment.get(name, "").strip()


def _failures(checks: Sequence[Check], at: Target, client: httpx.Client) -> int:
    """How many fail; what takes a key that is refused, or none of an open stack, fails once."""
    failed, done = 0, 0
    refused: set[str] = set()
    is_open = False
    for check in checks:
        if check.key in refused or (is_open and check.is_of_a_stranger):
            continue
        wrong = run(check, at, client)
        if wrong and check.is_of_a_stranger:
            is_open = True
            wrong = f"{wrong}; nothing more is asked below /v1 without a client's key"
        if wrong and check.key in _KEYS and wrong.startswith("status 401,"):
            refused.add(check.key)
            wrong = f"{_KEYS[check.key]} is refused; nothing more is asked with it"
        done += 1
        failed += wrong is not None
        line = f"{'FAIL' if wrong else 'ok  '}  {check.name}{f': {wrong}' if wrong else ''}\n"
        sys.stdout.write(line)
    left_out = f", {len(checks) - done} left out" if done < len(checks) else ""
    sys.stdout.write(f"{done} checks, {failed} failed{left_out}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main(os.environ))
