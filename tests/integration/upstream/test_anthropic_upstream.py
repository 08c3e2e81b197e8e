"""A running proxy in front of an upstream of each kind: who is asked, and with which key."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from servers.proxy.process import proxy_process
from servers.upstream.scripted import ScriptedUpstream

MESSAGES = [{"role": "user", "content": "Hi"}]
CLIENTS = {"x-api-key": "sk-client", "authorization": "Bearer sk-client"}


@dataclass(frozen=True)
class Stand:
    """One upstream of each kind, and a client of the proxy before them."""

    openai: ScriptedUpstream
    anthropic: ScriptedUpstream
    client: httpx.Client


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with ScriptedUpstream().in_thread() as openai, ScriptedUpstream().in_thread() as anthropic:
        upstreams = [
            {"name": "open", "base_url": openai.base_url},
            {"name": "anthropic", "base_url": anthropic.base_url, "models": ["claude-*"]},
        ]
        settings = {
            "UPSTREAMS": json.dumps(upstreams),
            "UPSTREAM_KEYS": '{"open": "sk-open", "anthropic": "sk-ant"}',
        }
        with (
            proxy_process(tmp_path / "data", **settings) as proxy,
            httpx.Client(base_url=proxy.base_url, headers=CLIENTS, timeout=30) as client,
        ):
            yield Stand(openai, anthropic, client)


def test_each_path_goes_to_the_upstream_that_speaks_its_api(stand: Stand) -> None:
    asked = {"model": "claude-m", "max_tokens": 9, "messages": MESSAGES}

    said = [stand.client.post("/messages", json=asked) for _ in range(2)]
    counted = stand.client.post("/messages/count_tokens", json=asked)
    batches = stand.client.get("/messages/batches")
    begun = stand.client.post("/messages/batches", json={"requests": []})
    files = stand.client.get("/files", headers={"anthropic-version": "2023-06-01"})
    chat = stand.client.post("/chat/completions", json=asked)

    assert [answer.headers["x-cache"] for answer in said] == ["MISS", "HIT-EXACT"]
    assert counted.json() == {"input_tokens": 10}
    assert {each.status_code for each in (batches, begun, files)} == {200}
    assert batches.headers["request-id"] == batches.headers["x-request-id"]
    assert chat.json()["object"] == "chat.completion"
    to_anthropic = [each.path for each in stand.anthropic.requests if each.path != "/v1/models"]
    below = ["/v1/messages/count_tokens", "/v1/messages/batches", "/v1/messages/batches"]
    assert to_anthropic == ["/v1/messages", *below, "/v1/files"]
    to_openai = [each.path for each in stand.openai.requests if each.path != "/v1/models"]
    assert to_openai == ["/v1/chat/completions"]


def test_each_is_shown_its_own_key_and_never_the_clients(stand: Stand) -> None:
    asked = {"model": "claude-m", "max_tokens": 9, "messages": MESSAGES}
    stand.client.post("/messages", json=asked, headers={"anthropic-beta": "a"})
    stand.client.post("/chat/completions", json=asked)

    message, chat = stand.anthropic.requests[-1], stand.openai.requests[-1]

    assert message.headers["x-api-key"] == "sk-ant"
    assert "authorization" not in message.headers
    assert message.headers["anthropic-version"] == "2023-06-01"
    assert message.headers["anthropic-beta"] == "a"
    assert chat.headers["authorization"] == "Bearer sk-open"
    for sent in (*stand.anthropic.requests, *stand.openai.requests):
        assert "sk-client" not in str(sent.headers)
