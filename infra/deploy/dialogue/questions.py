"""The questions, and who answers them: a person, the environment, or what was answered before.

A secret is typed unseen, comes from a variable, or is kept; it is never an argument of a command.
"""

import getpass
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import httpx

from infra.deploy.dialogue.answers import Answers, fits_a_header, secrets_path

_STAGE = re.compile(r"[a-z][a-z0-9-]{0,19}")
_TAKEN = frozenset({"default", "local", "version"})
"""Names of samconfig.toml that are no stages."""
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")
_ALARMS = re.compile(r"none|arn:[^:]+:sns:\S+|[^@\s]+@[^@\s]+\.[^@\s]+")


class NotAnswered(Exception):
    """Answers are missing or make no sense; the message names each, and its variable."""


class Console(Protocol):
    """A person at a terminal."""

    def ask(self, text: str, *, default: str) -> str:
        """What was typed, or the default."""
        ...

    def ask_secret(self, text: str, *, kept: bool) -> str:
        """What was typed unseen; nothing where a kept one stays."""
        ...

    def say(self, line: str) -> None:
        """Show one line."""
        ...


class Terminal:
    """Standard input and output."""

    def ask(self, text: str, *, default: str) -> str:
        """What was typed, or the default."""
        return input(f"{text}{f' [{default}]' if default else ''}: ").strip() or default

    def ask_secret(self, text: str, *, kept: bool) -> str:
        """What was typed unseen; nothing where a kept one stays."""
        return getpass.getpass(f"{text}{' [kept]' if kept else ''}: ").strip()

    def say(self, line: str) -> None:
        """Show one line."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class Question:
    """One answer: its field, the variable that may hold it, what a person reads, what it may be."""

    field: str
    variable: str
    text: str
    secret: bool = False
    fits: Callable[[str], bool] = lambda value: True  # noqa: ARG005 - anything fits
    expected: str = ""


def _is_stage(value: str) -> bool:
    return _STAGE.fullmatch(value) is not None and value not in _TAKEN


def is_url_or_empty(value: str) -> bool:
    """One that a client takes; a user's name or password in it would be kept where all can read."""
    if not value:
        return True
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        return False
    plain = not url.userinfo and not any(letter.isspace() for letter in value)
    return url.scheme in ("http", "https") and bool(url.host) and plain


STAGE = Question(
    "stage", "STAGE", "1  Stage (dev, prod, ...)",
    fits=_is_stage,
    expected=f"small letters, digits and dashes, up to 20, and none of {', '.join(sorted(_TAKEN))}",
)  # fmt: skip
REGION = Question(
    "region", "AWS_REGION", "2  AWS region",
    fits=lambda value: _REGION.fullmatch(value) is not None,
    expected="a region such as us-east-1",
)  # fmt: skip
_A_SECRET = "one line of ASCII without spaces, as it was given to you"  # noqa: S105 - a message
QUESTIONS = (
    Question(
        "upstream_base_url", "UPSTREAM_BASE_URL", "3  Upstream's base URL (empty: Groq)",
        fits=is_url_or_empty, expected="a URL that ends in /v1, or nothing",
    ),
    Question("upstream_key", "UPSTREAM_API_KEY", "   Upstream's API key", secret=True),
    Question(
        "upstash_url", "UPSTASH_REDIS_REST_URL", "4  Upstash REST URL",
        fits=is_url_or_empty, expected="a URL",
    ),
    Question("upstash_token", "UPSTASH_REDIS_REST_TOKEN", "   Upstash REST token", secret=True),
    Question(
        "qdrant_url", "QDRANT_URL", "5  Qdrant URL (empty: the exact tier alone)",
        fits=is_url_or_empty, expected="a URL, or nothing",
    ),
    Question("qdrant_key", "QDRANT_API_KEY", "   Qdrant API key", secret=True),
    Question(
        "alarm_address", "ALARM_ADDRESS",
        "6  E-mail address or SNS topic for alarms (empty: they only show; none: no alarms)",
        fits=lambda value: not value or _ALARMS.fullmatch(value) is not None,
        expected="an address, a topic's ARN, none, or nothing",
    ),
)  # fmt: skip

REDIS_SECRET = "REDIS_URL"  # noqa: S105 - a setting's name
_NOTHING = "-"
"""Typed in place of an earlier answer, for which Enter stands."""
ADDRESS_OF = MappingProxyType(
    {
        "upstream_key": "upstream_base_url",
        "upstash_token": "upstash_url",
        "qdrant_key": "qdrant_url",
    }
)
"""The field of the address that a secret is for."""
ADDRESS_OF_SECRET = MappingProxyType(
    {one.variable: ADDRESS_OF[one.field] for one in QUESTIONS if one.secret}
)
"""The same by the secret's own name; Groq's is never another's."""
_NEEDS = {"upstash_token": "upstash_url", "qdrant_key": "qdrant_url"}
"""A secret is asked for where its address was given."""


def stage_of(environment: Mapping[str, str], console: Console | None) -> str:
    """The stage. Raises NotAnswered."""
    return _answer(STAGE, environment.get("STAGE") or "dev", console)


def region_of(
    environment: Mapping[str, str], kept: Mapping[str, str], console: Console | None
) -> str:
    """The region. Raises NotAnswered."""
    default = environment.get(REGION.variable) or kept.get(REGION.field, "")
    return _answer(REGION, default, console)


def ask(
    stage: str,
    region: str,
    *,
    kept: Mapping[str, str],
    kept_secret: Callable[[str], str],
    environment: Mapping[str, str],
    console: Console | None,
    held: Mapping[str, str] | None = None,
) -> Answers:
    """The other answers; without a console the environment's, before those that are kept.

    `kept` are earlier answers by field, `kept_secret` gives a secret that is stored under the path
    and setting of its name, or nothing. `held` are the addresses, by field, that those secrets are
    for, where they are not the kept ones: none is offered to another. Raises NotAnswered.
    """
    given = {"stage": stage, "region": region}
    for question in QUESTIONS:
        needed = _NEEDS.get(question.field)
        if needed and not given[needed]:
            given[question.field] = ""
        elif question.secret:
            given[question.field] = _secret(
                question, given, environment, kept_secret, kept if held is None else held, console
            )
        else:
            default = environment.get(question.variable) or kept.get(question.field, "")
            given[question.field] = _answer(question, default, console)
    return Answers(**given)


def _answer(question: Question, default: str, console: Console | None) -> str:
    """An answer that fits; a person is asked until she gives one."""
    if console is None:
        return _checked(question, default)
    clears = default and question.fits("")
    text = f"{question.text}; {_NOTHING} for nothing" if clears else question.text
    while True:
        try:
            return _checked(question, console.ask(text, default=default))
        except NotAnswered as exc:
            console.say(f"   {exc}")


def _secret(
    question: Question,
    given: Mapping[str, str],
    environment: Mapping[str, str],
    kept_secret: Callable[[str], str],
    held: Mapping[str, str],
    console: Console | None,
) -> str:
    name = question.variable
    if question.field == "upstream_key" and not given["upstream_base_url"]:
        name = "GROQ_API_KEY"
    stored = f"{secrets_path(given['stage'])}/{name}"
    kept = kept_secret(stored) if _is_of_the_address(question, given, held) else ""
    default = (environment.get(name, "").strip() or kept).strip()
    if console is None:
        return _checked_secret(name, default)
    while True:
        typed = console.ask_secret(question.text, kept=bool(default))
        try:
            return _checked_secret(name, typed or default)
        except NotAnswered as exc:
            console.say(f"   {exc}")
            default = default if typed else ""


def _is_of_the_address(
    question: Question, given: Mapping[str, str], held: Mapping[str, str]
) -> bool:
    """Whether the stored secret was given for this address, and not for another's service."""
    address = ADDRESS_OF[question.field]
    known = held.get(address, "").rstrip("/")
    return not given[address] or known in ("", given[address])


def _checked_secret(name: str, value: str) -> str:
    """`value`, if a header can carry it; a refusal does not show it."""
    if not fits_a_header(value):
        raise NotAnswered(f"{name}: expected {_A_SECRET}")
    return value


def _checked(question: Question, value: str) -> str:
    value = "" if value == _NOTHING else value
    value = value.rstrip("/") if question.expected.startswith("a URL") else value
    if not question.fits(value):
        raise NotAnswered(f"{question.variable}: expected {question.expected}{_instead_of(value)}")
    return value


def _instead_of(value: str) -> str:
    """The refused answer, unless it may hold a password, as `https://user:password@host` does."""
    if "://" in value and "@" in value:
        return "; none with a user's name or password in it"
    return f", not {value!r}"


def incomplete(answers: Answers, *, other_redis: str | None) -> list[str]:
    """What a stack could not serve without, one line each; `other_redis` is REDIS_URL or a network.

    REDIS_URL is not deleted here: a person has put it there, and the functions serve by it.
    """
    lines = []
    if not answers.upstream_key:
        name = "UPSTREAM_API_KEY" if answers.upstream_base_url else "GROQ_API_KEY"
        lines.append(f"{name}: the stack needs an upstream, and this its key")
    if answers.upstash_url and not answers.upstash_token:
        lines.append("UPSTASH_REDIS_REST_TOKEN: UPSTASH_REDIS_REST_URL needs it")
    if answers.upstash_url and other_redis:
        instead = (
            "delete it first: aws ssm delete-parameter "
            f"--name {answers.secrets_path}/{other_redis} --region {answers.region}"
            if other_redis == REDIS_SECRET
            else f"take {other_redis} out of samconfig.toml"
        )
        lines.append(
            f"UPSTASH_REDIS_REST_URL: the stack has a Redis ({other_redis}), and takes one; answer "
            f"{_NOTHING} to go without Upstash, or {instead}"
        )
    if not answers.upstash_url and not other_redis:
        lines.append(
            "UPSTASH_REDIS_REST_URL: the stack needs a Redis; or keep REDIS_URL as a secret, or "
            "deploy with Network=vpc"
        )
    return lines
