"""Anthropic's Node SDK, field by field: the upstream's own answer, a miss, and a hit."""

from pathlib import Path
from typing import Any

import pytest

from sdk.conftest import Stand
from sdk.node import Answers, NodeClient, answered_three_ways, installed
from servers.upstream.rich_messages import MESSAGES

SCRIPT = Path(__file__).with_name("anthropic_client.mjs")
PACKAGES = Path(__file__).parents[2] / "build" / "node-anthropic"
WANTED = ("@anthropic-ai/sdk@1.14.0",)

pytestmark = pytest.mark.timeout(1200)  # the packages are installed by the first test

KINDS = ("message", "messageStream", "messageEvents", "messageRaw")


def question(kind: str, name: str) -> dict[str, Any]:
    """One question, named after what it asks of the SDK."""
    fields: dict[str, Any] = {
        "model": "rich",
        "max_tokens": 100 + len(kind),  # so that no two kinds share an entry
        "messages": [{"role": "user", "content": name}],
    }
    if "tools" in name:
        fields["tools"] = [{"name": "weather", "input_schema": {"type": "object"}}]
    return {"name": f"{kind}: {name}", "kind": kind, "fields": fields}


PLAIN = [
    *(question("message", name) for name in MESSAGES),
    question("messageRaw", "plain"),
    question("tokens", "plain"),
]
STREAMED = [
    *(question("messageStream", name) for name in MESSAGES),
    *(question("messageEvents", name) for name in MESSAGES),
]


@pytest.fixture(scope="module", params=["plain", "streams"])
def answers(request: pytest.FixtureRequest, stand: Stand) -> Answers:
    """Each kind of question, as a miss that asks the upstream and as a hit that does not."""
    questions = PLAIN if request.param == "plain" else STREAMED
    addresses = (stand.direct.removesuffix("/v1"), stand.proxied.removesuffix("/v1"))
    client = NodeClient(SCRIPT, installed(PACKAGES, WANTED))
    return answered_three_ways(client, stand, addresses, f"claude-{request.param}", questions)


def comparable(answer: Any) -> Any:
    """An answer without what names the request."""
    return {name: value for name, value in answer.items() if name not in {"name", "xCache"}}


def test_a_miss_and_a_hit_are_the_upstreams_own_answer(answers: Answers) -> None:
    for name, direct in answers.direct.items():
        assert direct, name
        assert comparable(answers.miss[name]) == comparable(direct), name
        assert comparable(answers.hit[name]) == comparable(direct), name


def test_what_is_reported_beside_is_right(answers: Answers) -> None:
    for name, hit in answers.hit.items():
        kind, _, asked = name.partition(": ")
        if kind == "messageStream":
            assert hit["last"] == ["message_start", "message_stop"]
            assert hit["message"]["stop_reason"] == MESSAGES[asked][0]
        elif kind == "messageRaw":
            assert (answers.miss[name]["xCache"], hit["xCache"]) == ("MISS", "HIT-EXACT")
            assert hit["name"].startswith("req_")
        elif kind == "messageEvents" and asked == "tools":
            assert hit["inputs"]["1"]["city"] == "Köln"
            assert hit["inputs"]["2"] == {}


def test_a_refusal_is_the_sdks_own_error(stand: Stand) -> None:
    client = NodeClient(SCRIPT, installed(PACKAGES, WANTED))

    [refused] = client.ask(
        stand.proxied.removesuffix("/v1"), "refused", [question("refusal", "plain")]
    ).values()

    assert refused == {"status": 400, "type": "invalid_request_error"}
