"""Facts about logs of requests, whatever wrote them."""

import json
from pathlib import Path
from typing import Any

import pytest

from llm_cache_proxy.cli.estimate.logs import LoggedRequest, UnusableLog, read_log

MESSAGES = [{"role": "user", "content": "What is Rust?"}]
COMPLETION = {
    "choices": [{"message": {"role": "assistant", "content": "A language."}}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3},
}
BODY = {"model": "gpt-4o-mini", "messages": MESSAGES, "temperature": 0}
BATCH = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": BODY}
LITELLM = {
    "request_id": "x",
    "model": "gpt-4o-mini",
    "messages": json.dumps(MESSAGES),
    "response": json.dumps(COMPLETION),
    "spend": 0.002,
    "prompt_tokens": 12,
    "completion_tokens": 3,
    "startTime": "2026-11-01T10:00:00+00:00",
}
LANGFUSE = {
    "type": "GENERATION",
    "model": "gpt-4o-mini",
    "modelParameters": {"temperature": "0", "user": "ada"},
    "input": MESSAGES,
    "output": {"role": "assistant", "content": "A language."},
    "usage": {"input": 12, "output": 3, "total": 15},
    "calculatedTotalCost": 0.002,
    "startTime": "2026-11-01T10:00:00Z",
}


def read(path: Path, *rows: Any) -> list[LoggedRequest]:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    found, left_out = read_log(path)
    assert left_out == 0
    return found


def test_a_prompt_alone_is_a_request(tmp_path: Path) -> None:
    [request] = read(tmp_path / "log.jsonl", {"prompt": "What is Rust?", "answer": "A language."})

    assert request.fields == {"model": "unknown", "messages": MESSAGES}
    assert request.answer == "A language."


def test_messages_with_a_model_are_a_request(tmp_path: Path) -> None:
    [request] = read(tmp_path / "log.jsonl", {"messages": MESSAGES, "model": "m"})

    assert request.fields == {"model": "m", "messages": MESSAGES}


def test_a_line_of_an_openai_batch_is_its_body(tmp_path: Path) -> None:
    [request] = read(tmp_path / "log.jsonl", BATCH)

    assert request.fields == BODY
    assert request.answer is None


def test_a_past_request_with_its_response_has_answer_and_tokens(tmp_path: Path) -> None:
    [request] = read(tmp_path / "log.jsonl", {"request": BODY, "response": COMPLETION})

    assert request == LoggedRequest(BODY, "A language.", (12, 3))


def test_litellms_spend_log_is_read(tmp_path: Path) -> None:
    [request] = read(tmp_path / "log.jsonl", LITELLM)

    assert request.fields == {"model": "gpt-4o-mini", "messages": MESSAGES}
    assert (request.answer, request.tokens, request.dollars) == ("A language.", (12, 3), 0.002)
    assert request.at == 1_793_527_200.0


def test_langfuses_export_is_read_with_its_parameters(tmp_path: Path) -> None:
    [request] = read(tmp_path / "log.jsonl", LANGFUSE)

    assert request.fields == BODY
    assert (request.answer, request.tokens, request.dollars) == ("A language.", (12, 3), 0.002)


@pytest.mark.parametrize("given", ["What is Rust?", {"messages": MESSAGES}, json.dumps(MESSAGES)])
def test_langfuses_inputs_of_any_shape_are_read(given: object, tmp_path: Path) -> None:
    [request] = read(tmp_path / "log.jsonl", {**LANGFUSE, "input": given})

    assert request.fields["messages"] == MESSAGES


def test_an_array_is_read_like_lines(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    file.write_text(json.dumps([LITELLM, LANGFUSE]), encoding="utf-8")

    found, _ = read_log(file)

    assert len(found) == 2


def test_requests_are_in_the_order_of_their_times(tmp_path: Path) -> None:
    later = {**LITELLM, "startTime": "2026-11-02T10:00:00+00:00", "spend": 0.5}

    found = read(tmp_path / "log.jsonl", later, LITELLM)

    assert [request.dollars for request in found] == [0.002, 0.5]


def test_lines_that_are_no_requests_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    rows = ["not json", "[]", "{}", '{"prompt": 1}', json.dumps(BATCH)]
    file.write_text("\n".join(rows[:1] + rows[2:]), encoding="utf-8")

    found, left_out = read_log(file)

    assert (len(found), left_out) == (1, 3)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[1, 2]", b"[broken"])
def test_a_file_without_requests_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    file.write_bytes(content)

    with pytest.raises(UnusableLog):
        read_log(file)
