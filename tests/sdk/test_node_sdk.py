"""The official Node SDK, field by field: the upstream's own answer, a miss, and a hit."""

from pathlib import Path
from typing import Any

import pytest

from sdk.conftest import Stand
from sdk.node import Answers, NodeClient, answered_three_ways, installed
from servers.upstream.rich_answers import CHATS, CITY, RESPONSES

SCRIPT = Path(__file__).with_name("openai_client.mjs")
PACKAGES = Path(__file__).parents[2] / "build" / "node-openai"
WANTED = ("openai@7.57.0", "zod@4.6.7")


pytestmark = pytest.mark.timeout(1200)  # the packages are installed by the first test

KINDS = ("chat", "chatStream", "chatChunks", "chatParse", "chatRaw")


def question(kind: str, name: str) -> dict[str, Any]:
    """One question, named after what it asks of the SDK."""
    fields: dict[str, Any] = {"model": "rich"}
    match kind:
        case "text":
            fields["prompt"] = name
        case "embeddings":
            fields["input"] = [name, f"{name}, and more"]
        case "moderation":
            fields["input"] = name
        case "image":
            fields |= {"prompt": name, "n": 2, "seed": 7}
        case "transcription" | "translation":
            fields |= {"sound": name, "response_format": "verbose_json"}
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


EMBEDDINGS: tuple[dict[str, Any], ...] = (
    {"input": "one text", "encoding_format": "float"},
    {"input": [1, 2, 3], "dimensions": 3},
    {"input": [[1, 2], [3], [1, 2]], "encoding_format": "base64"},
)


def _embedding(fields: dict[str, Any]) -> dict[str, Any]:
    name = f"embeddings: {', '.join(f'{name} {value}' for name, value in fields.items())}"
    return {"name": name, "kind": "embeddings", "fields": {"model": "rich", **fields}}


PLAIN = [
    *(question("chat", name) for name in CHATS),
    *(question("response", name) for name in RESPONSES),
    question("chatParse", "schema"),
    question("chatRaw", "plain"),
    question("responseParse", "schema"),
    question("text", "Once"),
    question("embeddings", "Grüße 𝄞"),
    *(
        question(kind, "Grüße 𝄞")
        for kind in ("moderation", "image", "transcription", "translation")
    ),
    *(_embedding(fields) for fields in EMBEDDINGS),
]
STREAMED = [
    # Of fields that it does not know, this SDK's accumulator keeps the last piece alone.
    *(question("chatStream", name) for name in CHATS if name != "reasoning"),
    *(question("chatChunks", name) for name in CHATS),
    *(question("responseStream", name) for name in RESPONSES),
]


@pytest.fixture(scope="module")
def node_packages() -> Path:
    """The SDK from npm, installed once."""
    return installed(PACKAGES, WANTED)


@pytest.fixture(scope="module", params=["plain first", "streams first"])
def answers(
    request: pytest.FixtureRequest, stand: Stand, node_packages: Path
) -> tuple[list[dict[str, Any]], Answers]:
    """Each kind of question, as a miss that asks the upstream and as a hit that does not."""
    questions = PLAIN if request.param == "plain first" else STREAMED
    namespace = f"node-{'plain' if questions is PLAIN else 'streams'}"
    run = NodeClient(SCRIPT, node_packages)
    addresses = (stand.direct, stand.proxied)
    return questions, answered_three_ways(run, stand, addresses, namespace, questions)


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
