"""What a person answers whose stack is used in tests, and how questions are put to one."""

from collections.abc import Callable, Mapping

from infra.deploy.dialogue.answers import Answers
from infra.deploy.dialogue.questions import Console, ask, region_of

ANSWERS = Answers(
    stage="dev",
    region="eu-central-1",
    upstream_key="gsk-secret",
    upstash_url="https://u.example",
    upstash_token="tok-secret",
    qdrant_url="https://q.example:6333",
    qdrant_key="q-secret",
    alarm_address="me@example.com",
)
SECRET_VALUES = ("gsk-secret", "tok-secret", "q-secret")


def no_secret(_: str) -> str:
    return ""


def answers_of(
    environment: Mapping[str, str],
    *,
    kept: Mapping[str, str] | None = None,
    kept_secret: Callable[[str], str] = no_secret,
    console: Console | None = None,
) -> Answers:
    kept = {"region": "us-east-1"} if kept is None else kept
    region = region_of(environment, kept, console)
    return ask(
        "dev",
        region,
        kept=kept,
        kept_secret=kept_secret,
        environment=environment,
        console=console,
    )
