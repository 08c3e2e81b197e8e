"""Facts about the file with one line a request."""

import json
import logging
import time
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.request_sink.file import RequestLog
from samples.request_events import SAVED, USED, an_event


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_record_is_one_json_line_in_order(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    log = RequestLog(path)

    for number in range(1_200):
        log.write(an_event(request_id=f"req_{number}"))
    log.close()

    assert [line["request_id"] for line in lines(path)] == [f"req_{n}" for n in range(1_200)]


def test_lines_are_appended_to_those_of_another_process(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    one, other = RequestLog(path), RequestLog(path)

    one.write(an_event(tenant="one"))
    one.close()
    other.write(an_event(tenant="other"))
    other.close()

    assert [line["tenant"] for line in lines(path)] == ["one", "other"]


def test_a_line_holds_what_is_known_and_no_prompt(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    log = RequestLog(path)

    log.write(an_event(similarity=0.912345, usage=USED, nano_dollars=44_250, prompt="a secret"))
    log.write(an_event(usage=SAVED, nano_dollars=0, tenant=None))
    log.close()

    missed, hit = lines(path)
    assert missed == {
        "time": 1_700_000_000.25,
        "request_id": "req_1",
        "tenant": "default",
        "model": "gpt-4o-mini",
        "status": 200,
        "result": "MISS",
        "reason": "not-found",
        "similarity": 0.9123,
        "prompt_tokens": 120,
        "completion_tokens": 34,
        "dollars_spent": 0.00004425,
        "latency_ms": 12.346,
        "duration_ms": 40.0,
    }
    assert (hit["dollars_saved"], "dollars_spent" in hit, "tenant" in hit) == (0, False, False)


def test_a_line_break_or_a_lone_surrogate_cannot_break_a_line(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    log = RequestLog(path)

    log.write(an_event(model="a\nb\ud800"))
    log.close()

    assert len(lines(path)) == 1


def test_a_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path, moved = tmp_path / "requests.jsonl", tmp_path / "requests.1"
    log = RequestLog(path)
    log.write(an_event(tenant="before"))
    log.close()
    log = RequestLog(path)
    log.write(an_event(tenant="still before"))
    while len(lines(path)) < 2:  # the writer is a thread of its own
        time.sleep(0.001)

    path.rename(moved)
    log.write(an_event(tenant="after"))
    log.close()

    assert [line["tenant"] for line in lines(path)] == ["after"]
    assert [line["tenant"] for line in lines(moved)] == ["before", "still before"]


def test_a_path_that_cannot_be_written_fails_no_request_and_is_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = RequestLog(tmp_path / "no" / "such" / "folder" / "requests.jsonl")

    with caplog.at_level(logging.WARNING):
        for _ in range(10):
            log.write(an_event(tenant="t"))
        log.close()

    answer = [record for record in caplog.records if "LOG_PATH" in record.getMessage()]
    assert len(answer) == 1


def test_closing_an_unused_log_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"

    RequestLog(path).close()

    assert not path.exists()
