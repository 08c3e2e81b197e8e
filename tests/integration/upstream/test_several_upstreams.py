"""A running proxy in front of several upstreams: who answers, under which name, with whose key."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from servers.proxy.process import proxy_process
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Stall, answer, cut_after, sse, stream

ERROR = {"error": {"message": "x", "type": "server_error", "param": None, "code": None}}


@dataclass(frozen=True)
class Stand:
    """Two upstreams, the first preferred, and a client of the proxy before them."""

    first: ScriptedUpstream
    second: ScriptedUpstream
    client: openai.OpenAI

    def ask(self, model: str, prompt: str = "Hi", **changes: Any) -> tuple[str, str]:
        """x-cache and the text."""
        raw = self.client.chat.completions.with_raw_response.create(
            model=model, messages=[{"role": "user", "content": prompt}], **changes
        )
        return raw.headers["x-cache"], raw.parse().choices[0].message.content or ""


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with ScriptedUpstream().in_thread() as first, ScriptedUpstream().in_thread() as second:
        upstreams = [
            {
                "name": "first",
                "base_url": first.base_url,
                "api_key_variable": "FIRST_KEY",
                "models": ["scripted-*"],
                "aliases": {"small": "scripted-model"},
            },
            {"name": "second", "base_url": second.base_url, "aliases": {"small": "tiny"}},
        ]
        listed = tmp_path / "upstreams.json"
        listed.write_text(json.dumps(upstreams))
        settings = {
            "UPSTREAMS": str(listed),
            "UPSTREAM_KEYS": '{"second": "sk-second"}',
            "FIRST_KEY": "sk-first",
            "UPSTREAM_TIMEOUT_SECONDS": "8",
        }
        with (
            proxy_process(tmp_path / "data", **settings) as proxy,
            openai.OpenAI(base_url=proxy.base_url, api_key="client", max_retries=0) as client,
        ):
            assert "sk-" not in proxy.printed
            yield Stand(first, second, client)


def test_the_first_that_names_the_model_answers_with_its_own_key(stand: Stand) -> None:
    assert stand.ask("scripted-model") == ("MISS", "Answer 1 to: Hi")
    assert stand.ask("elsewhere") == ("MISS", "Answer 1 to: Hi")

    assert stand.first.requests[0].headers["authorization"] == "Bearer sk-first"
    assert stand.second.requests[0].headers["authorization"] == "Bearer sk-second"


def test_an_alias_shares_an_entry_with_the_models_own_name(stand: Stand) -> None:
    assert stand.ask("small")[0] == "MISS"

    assert stand.ask("scripted-model")[0] == "HIT-EXACT"
    assert stand.first.requests[0].fields["model"] == "scripted-model"


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_the_next_one_answers_for_one_that_fails(stand: Stand, status: int) -> None:
    headers = {"retry-after": "600"}
    stand.first.when(answer(ERROR, status, headers), path="/chat/completions")

    x_cache, said = stand.ask("small")

    assert (x_cache, said) == ("MISS", "Answer 1 to: Hi")
    assert stand.second.requests[0].fields["model"] == "tiny"


def test_a_fallbacks_answer_is_never_the_first_ones(stand: Stand) -> None:
    stand.first.queue(*[answer(ERROR, 503)] * 3)
    assert stand.ask("small") == ("MISS", "Answer 1 to: Hi")
    assert len(stand.second.requests) == 1

    assert stand.ask("small") == ("MISS", "Answer 4 to: Hi")
    assert len(stand.second.requests) == 1


def test_a_stream_that_was_cut_is_an_error_to_the_sdk_and_is_not_stored(stand: Stand) -> None:
    answer = [sse([event], done=False) for event in chat_chunks("one two three")]
    whole = stream(answer)
    stand.first.queue(cut_after(whole, sum(len(part) for part in answer[:3]) + 200))

    with pytest.raises(openai.APIError, match="broke off"):
        for _ in stand.client.chat.completions.create(
            model="small", messages=[{"role": "user", "content": "Hi"}], stream=True
        ):
            pass

    assert stand.ask("small")[0] == "MISS"
    assert stand.second.requests == []


def test_headers_pass_by_two_lists(stand: Stand) -> None:
    result = {
        "x-request-id": "req-upstream",
        "x-ratelimit-remaining-requests": "7",
        "openai-processing-ms": "12",
        "openai-organization": "org-ours",
        "set-cookie": "session=1",
        "server": "upstream/1",
    }
    stand.first.queue(answer(chat("Hi"), headers=result))

    raw = stand.client.chat.completions.with_raw_response.create(
        model="small",
        messages=[{"role": "user", "content": "Hi"}],
        extra_headers={"openai-beta": "x=v1", "cookie": "a=b", "x-forwarded-for": "10.0.0.1"},
    )

    answered, asked = raw.headers, stand.first.requests[0].headers
    assert answered["x-upstream-request-id"] == "req-upstream"
    assert answered["x-upstream-ratelimit-remaining-requests"] == "7"
    assert answered["openai-processing-ms"] == "12"
    assert answered["x-request-id"].startswith("req_")
    assert not {"openai-organization", "set-cookie", "server"} & set(answered)
    assert asked["openai-beta"] == "x=v1"
    assert not {"cookie", "x-forwarded-for", "x-stainless-lang", "idempotency-key"} & set(asked)


def test_models_are_listed_over_all_with_their_aliases(stand: Stand) -> None:
    listed = [model.id for model in stand.client.models.list()]

    assert listed == ["small", "scripted-model", "scripted-model-2", "all-MiniLM-L6-v2"]


def test_upstreams_that_are_silent_are_given_up_in_the_time_that_is_set(stand: Stand) -> None:
    for upstream in (stand.first, stand.second):
        upstream.when([Stall()], path="/chat/completions")

    with pytest.raises(openai.APIStatusError) as caught:
        stand.ask("small")

    assert (caught.value.status_code, caught.value.code) == (504, "upstream_timeout")
    assert stand.first.requests[0].left.wait(60)
