"""Clients that bring their own key: it goes up, parts the cache, and is kept nowhere."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from anthropic import Anthropic

from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer

SECRET = "a-signing-secret-of-forty-characters-or-so"
ONE, OTHER = "sk-mark-of-one-client", "sk-mark-of-another-client"
MESSAGES = [{"role": "user", "content": "What is Rust?"}]
CHAT = {"model": "m", "messages": MESSAGES}
REFUSED = {"error": {"message": "Incorrect API key", "type": "x", "code": "invalid_api_key"}}


@dataclass(frozen=True)
class Stand:
    """A proxy of this kind before an upstream that records what it is shown."""

    upstream: ScriptedUpstream
    proxy: ProxyProcess
    folder: Path

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(f"{self.proxy.base_url}{path}", json=body, headers=named, timeout=30)

    def written(self) -> bytes:
        """All that lies in the proxy's folder: its stores, its log, its counters."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Stand]:
    with ScriptedUpstream().in_thread() as upstream:
        given = {
            **({} if "UPSTREAMS" in settings else {"UPSTREAM_BASE_URL": upstream.base_url}),
            "UPSTREAM_KEY_FROM_CLIENT": "true",
            "KEY_SIGNING_SECRET": SECRET,
            "LOG_LEVEL": "DEBUG",
            "LOG_PATH": str(folder / "requests.jsonl"),
            **settings,
        }
        with proxy_process(folder / "data", **given) as proxy:
            yield Stand(upstream, proxy, folder)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with running(tmp_path) as made:
        yield made


def test_each_key_has_entries_of_its_own_and_goes_to_the_upstream(stand: Stand) -> None:
    def results(key: str) -> list[str]:
        bearer = f"Bearer {key}"
        return [
            stand.post(path, body, authorization=bearer).headers["x-cache"]
            for path, body in (
                ("/chat/completions", CHAT),
                ("/chat/completions", CHAT),
                ("/embeddings", {"model": "e", "input": ["a", "b"]}),
                ("/embeddings", {"model": "e", "input": ["a", "b"]}),
            )
        ]

    assert results(ONE) == results(OTHER) == ["MISS", "HIT-EXACT", "MISS", "HIT-EXACT"]
    shown = [request.headers["authorization"] for request in stand.upstream.requests]
    assert shown == [f"Bearer {ONE}"] * 2 + [f"Bearer {OTHER}"] * 2


def test_a_semantic_hit_never_crosses_keys(stand: Stand) -> None:
    asked = [
        {"role": "user", "content": text} for text in ("What is Rust?", "Tell me what Rust is")
    ]
    stand.post("/chat/completions", {**CHAT, "messages": asked[:1]}, authorization=f"Bearer {ONE}")

    own, crossed = (
        stand.post(
            "/chat/completions", {**CHAT, "messages": asked[1:]}, authorization=f"Bearer {key}"
        )
        for key in (ONE, OTHER)
    )

    assert (own.headers["x-cache"], crossed.headers["x-cache"]) == ("HIT-SEMANTIC", "MISS")


def test_the_official_clients_bring_it_as_their_api_key(stand: Stand) -> None:
    with openai.OpenAI(base_url=stand.proxy.base_url, api_key=ONE, organization="org-1") as client:
        client.chat.completions.create(model="m", messages=MESSAGES)  # type: ignore[arg-type]
        listed = [model.id for model in client.models.list()]
    with Anthropic(base_url=stand.proxy.url, api_key=OTHER) as claude:
        claude.messages.create(model="m", max_tokens=9, messages=MESSAGES)  # type: ignore[arg-type]
    old = stand.post("/messages", {**CHAT, "max_tokens": 9}, x_api_key=ONE)

    assert old.headers["x-cache"] == "MISS"
    assert "scripted-model" in listed
    chat, models, message, other = stand.upstream.requests
    assert chat.headers["openai-organization"] == "org-1"
    shown = [each.headers["authorization"] for each in (chat, models, message, other)]
    assert shown == [f"Bearer {key}" for key in (ONE, ONE, OTHER, ONE)]


def test_a_request_without_an_upstream_key_is_a_401_and_calls_no_upstream(stand: Stand) -> None:
    chat = stand.post("/chat/completions", CHAT)
    message = stand.post("/messages", {**CHAT, "max_tokens": 9})

    assert (chat.status_code, chat.json()["error"]["code"]) == (401, "missing_upstream_key")
    assert message.json()["error"]["type"] == "authentication_error"
    assert stand.upstream.requests == []


@pytest.mark.parametrize("fails", [False, True])
def test_an_upstream_key_is_neither_stored_nor_logged(stand: Stand, fails: bool) -> None:
    if fails:
        stand.upstream.when(answer(REFUSED, status=401))
    said = [
        stand.post(path, body, **headers)
        for headers in ({"authorization": f"Bearer {ONE}"}, {"x_upstream_api_key": ONE})
        for path, body in (
            ("/chat/completions", CHAT),
            ("/chat/completions", {**CHAT, "stream": True}),
            ("/messages", {**CHAT, "max_tokens": 9}),
            ("/embeddings", {"model": "e", "input": "a"}),
            ("/audio/speech", {"model": "tts", "input": "a"}),
            ("/chat/completions", {"model": "m"}),
        )
    ]
    everything = "".join(f"{each.headers} {each.text}" for each in said)
    everything += httpx.get(f"{stand.proxy.url}/metrics", timeout=30).text
    everything += httpx.get(f"{stand.proxy.url}/admin/config", timeout=30).text

    stand.proxy.process.terminate()
    stand.proxy.process.wait(60)

    assert {each.status_code for each in said} == ({401, 400} if fails else {200, 400})
    assert ONE not in everything
    assert ONE not in stand.proxy.printed
    written = stand.written()
    assert b"/v1/chat/completions" in written
    assert ONE.encode() not in written


def test_a_key_is_shown_to_no_other_provider(tmp_path: Path) -> None:
    with ScriptedUpstream().in_thread() as open_api, ScriptedUpstream().in_thread() as claude_api:
        upstreams = [
            {"name": "open", "base_url": open_api.base_url},
            {"name": "anthropic", "base_url": claude_api.base_url, "models": ["claude-*"]},
        ]
        settings = {
            "UPSTREAMS": json.dumps(upstreams),
            "UPSTREAM_KEYS": '{"open": "sk-open", "anthropic": "sk-ant"}',
        }
        with running(tmp_path, **settings) as stand:
            with Anthropic(base_url=stand.proxy.url, api_key=ONE) as claude:
                claude.models.list()
            undecided = httpx.get(
                f"{stand.proxy.base_url}/models",
                headers={"authorization": f"Bearer {OTHER}"},
                timeout=30,
            )
            own = {"authorization": f"Bearer {OTHER}", "openai-project": "p"}
            listed = httpx.get(f"{stand.proxy.base_url}/models", headers=own, timeout=30)

    assert (undecided.status_code, undecided.json()["error"]["code"]) == (400, "undecided_upstream")
    assert listed.status_code == 200
    assert [each.path for each in claude_api.requests] == ["/v1/models"]
    assert ONE in str(claude_api.requests[0].headers)
    assert [each.headers["authorization"] for each in open_api.requests] == [f"Bearer {OTHER}"]


def test_beside_a_client_key_it_has_a_header_of_its_own(tmp_path: Path) -> None:
    keyed = {"ACCESS_MODE": "keyed", "ADMIN_KEY": "the-admin-key-of-these-tests"}
    with running(tmp_path, **keyed) as stand:
        written = httpx.post(
            f"{stand.proxy.url}/admin/keys/create",
            json={"tenant": "acme", "name": "ci"},
            headers={"x-admin-key": "the-admin-key-of-these-tests"},
            timeout=30,
        )
        key = written.json()["key"]

        answers = [
            stand.post("/chat/completions", CHAT, authorization=f"Bearer {key}", **own)
            for own in ({}, {"x_upstream_api_key": ONE}, {"x_upstream_api_key": ONE})
        ]

    assert [each.status_code for each in answers] == [401, 200, 200]
    assert answers[2].headers["x-cache"] == "HIT-EXACT"
    [asked] = stand.upstream.requests
    assert asked.headers["authorization"] == f"Bearer {ONE}"
    assert key not in json.dumps(asked.headers)
