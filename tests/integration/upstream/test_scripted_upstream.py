"""The scripted upstream, as the official SDK and a bare socket see it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer, pieces, sse, stream
from servers.upstream.streams import interleaved_choices, interleaved_tool_calls


@pytest.fixture
def server() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream().in_thread() as running:
        yield running


@pytest.fixture
def client(server: ScriptedUpstream) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="any", max_retries=0) as made:
        yield made


def test_each_answer_reports_its_number(client: OpenAI) -> None:
    texts = [
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
        .choices[0]
        .message.content
        for _ in range(2)
    ]

    assert texts == ["Answer 1 to: Hi", "Answer 2 to: Hi"]


def test_a_stream_says_the_same(client: OpenAI) -> None:
    events = client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
    )

    text = "".join(event.choices[0].delta.content or "" for event in events)
    assert text == "Answer 1 to: Hi"


def test_a_response_is_given_plain_and_streamed(client: OpenAI) -> None:
    plain = client.responses.create(model="m", input="Hi")
    with client.responses.stream(model="m", input="Hi") as events:
        streamed = events.get_final_response()

    assert (plain.output_text, streamed.output_text) == ("Answer 1 to: Hi", "Answer 2 to: Hi")


def test_rules_choose_by_path_model_and_prompt(server: ScriptedUpstream, client: OpenAI) -> None:
    server.when(answer({"data": [{"id": "ruled", "object": "model"}]}), path="/models")

    assert [model.id for model in client.models.list()] == ["ruled"]
    assert server.requests[0].path == "/v1/models"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [1, 7])
def test_interleaved_choices_in_any_cut_are_legal(
    server: ScriptedUpstream, client: OpenAI, newline: str, size: int
) -> None:
    events = [": keep-alive", *interleaved_choices("eins zwei", "Grüße 𝄞 drei")]
    server.queue(stream(pieces(sse(events, newline=newline), size)))

    texts = {0: "", 1: ""}
    for event in client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "Hi"}], stream=True
    ):
        texts[event.choices[0].index] += event.choices[0].delta.content or ""

    assert texts == {0: "eins zwei ", 1: "Grüße 𝄞 drei "}


def test_parallel_tool_calls_in_turns_are_legal(server: ScriptedUpstream, client: OpenAI) -> None:
    wanted = [("weather", json.dumps({"city": "Köln"})), ("time", "{}")]
    server.queue(stream([sse(interleaved_tool_calls(wanted))]))

    with client.chat.completions.stream(
        model="m", messages=[{"role": "user", "content": "Hi"}]
    ) as events:
        calls = events.get_final_completion().choices[0].message.tool_calls or []

    assert [(call.function.name, call.function.arguments) for call in calls] == wanted


def test_a_client_that_leaves_is_noticed(server: ScriptedUpstream) -> None:
    server.queue(stream([b"data: 1\n\n"] * 100, pause_seconds=0.02))
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as bare:
        bare.sendall(b"GET /v1/x HTTP/1.1\r\nhost: x\r\n\r\n")
        assert bare.recv(15) == b"HTTP/1.1 200 Sc"

    assert server.requests[0].left.wait(60)
    assert not server.requests[0].answered.is_set()


def test_the_scripted_upstream_runs_as_a_command() -> None:
    tests = Path(__file__).parents[2]
    command = [sys.executable, "-m", "servers.upstream.scripted", "--word-ms", "1"]
    with subprocess.Popen(command, cwd=tests, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        base_url = running.stdout.readline().strip()
        with OpenAI(base_url=base_url, api_key="any") as client:
            listed = [model.id for model in client.models.list()]
        running.terminate()

    assert "scripted-model" in listed
