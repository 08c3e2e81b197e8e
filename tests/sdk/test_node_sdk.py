"""The official Node SDK, field by field: the upstream's own answer, a miss, and a hit."""

import fcntl
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sdk.conftest import Stand
from servers.requirements import missing, require_program
from servers.upstream.rich_answers import CHATS, CITY, RESPONSES

SCRIPT = Path(__file__).with_name("openai_client.mjs")
PACKAGES = Path(__file__).parents[2] / "build" / "node-openai"
WANTED = ("openai@7.57.0", "zod@4.6.7")


pytestmark = pytest.mark.timeout(600)  # the packages are installed by the first test

KINDS = ("chat", "chatStream", "chatChunks", "chatParse", "chatRaw")


def question(kind: str, name: str) -> dict[str, Any]:
    """One question, named after what it asks of the SDK."""
    fields: dict[str, Any] = {"model": "rich"}
    match kind:
        case "text":
            fields["prompt"] = name
        case "response" | "responseStream" | "responseParse":
            fields["input"] = name
        case _:
            fields["messages"] = [{"role": "user", "content": name}]
            fields["seed"] = KINDS.index(kind)  # so that no two kinds share an entry
    if "tools" in name and kind.startswith("chat"):
        parameters = {"type": "object", "properties": {}}
        fields["tools"] = [
            {"type": "function", "function": {"name": tool, "parameters": parameters}}
            for tool in ("weather", "time")
        ]
    return {"name": f"{kind}: {name}", "kind": kind, "fields": fields}


PLAIN = [
    *(question("chat", name) for name in CHATS),
    *(question("response", name) for name in RESPONSES),
    question("chatParse", "schema"),
    question("chatRaw", "plain"),
    question("responseParse", "schema"),
    question("text", "Once"),
]
STREAMED = [
    # Of fields that it does not know, this SDK's accumulator keeps the last piece alone.
    *(question("chatStream", name) for name in CHATS if name != "reasoning"),
    *(question("chatChunks", name) for name in CHATS),
    *(question("responseStream", name) for name in RESPONSES),
]


@dataclass(frozen=True)
class Answers:
    """What the SDK made of every question, by the question's name."""

    direct: dict[str, Any]
    miss: dict[str, Any]
    hit: dict[str, Any]


@pytest.fixture(scope="module")
def node_packages() -> Path:
    """The SDK from npm, installed once."""
    npm = require_program("npm")
    require_program("node")
    PACKAGES.mkdir(parents=True, exist_ok=True)
    with (PACKAGES / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(npm)
    return PACKAGES


def _install(npm: str) -> None:
    marker = PACKAGES / "installed.txt"
    if marker.is_file() and marker.read_text() == " ".join(WANTED):
        return
    (PACKAGES / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(PACKAGES), *WANTED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        missing(f"needs npm's packages {WANTED}: {done.stderr[-500:]}")
    marker.write_text(" ".join(WANTED))


def ask(
    packages: Path, base_url: str, namespace: str, questions: list[dict[str, Any]]
) -> dict[str, Any]:
    """Every question, asked of one address by one run of the script."""
    done = subprocess.run(
        [require_program("node"), str(SCRIPT), base_url, namespace],
        input=json.dumps(questions),
        env={**os.environ, "NODE_PACKAGES": str(packages)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module", params=["plain first", "streams first"])
def answers(
    request: pytest.FixtureRequest, stand: Stand, node_packages: Path
) -> tuple[list[dict[str, Any]], Answers]:
    """Each kind of question, as a miss that asks the upstream and as a hit that does not."""
    questions = PLAIN if request.param == "plain first" else STREAMED
    direct = ask(node_packages, stand.direct, "none", questions)
    namespace = f"node-{'plain' if questions is PLAIN else 'streams'}"
    miss = ask(node_packages, stand.proxied, namespace, questions)
    before = len(stand.upstream.requests)
    hit = ask(node_packages, stand.proxied, namespace, questions)
    assert len(stand.upstream.requests) == before
    return questions, Answers(direct, miss, hit)


def test_a_miss_and_a_hit_are_the_upstreams_own_answer(
    answers: tuple[list[dict[str, Any]], Answers],
) -> None:
    questions, answer = answers

    for name in (each["name"] for each in questions if each["kind"] != "chatRaw"):
        assert answer.direct[name]
        assert answer.miss[name] == answer.direct[name], name
        assert answer.hit[name] == answer.direct[name], name


def test_what_was_parsed_and_reported_beside_is_right(
    answers: tuple[list[dict[str, Any]], Answers],
) -> None:
    questions, result = answers

    for each in questions:
        answer = result.hit[each["name"]]
        if each["kind"].endswith("Parse"):
            assert answer == CITY
        elif each["kind"] == "chatRaw":
            assert answer["data"] == result.direct[each["name"]]["data"]
            assert (result.miss[each["name"]]["xCache"], answer["xCache"]) == ("MISS", "HIT-EXACT")
        elif each["kind"] == "responseStream":
            assert answer["last"] == ["response.created", "response.completed"]
