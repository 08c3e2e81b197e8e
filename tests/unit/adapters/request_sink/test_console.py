"""The line that whoever watches the server reads."""

import asyncio
import io
import json
import re

import pytest

from llm_cache_proxy.adapters.request_sink.console import Console, as_json, coloured, plain
from llm_cache_proxy.bootstrap.local.app import console
from llm_cache_proxy.settings import read_settings
from samples.request_events import an_event

CALLED = {"method": "POST", "path": "/v1/chat/completions"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_says_what_was_called_and_what_became_of_it() -> None:
    line = plain(
        an_event(**CALLED, result="HIT-SEMANTIC", similarity=0.97312, reason="guard-agrees")
    )

    assert re.sub(" +", " ", line[8:]) == (
        " 200 HIT-SEMANTIC 0.973 40.0 ms POST /v1/chat/completions gpt-4o-mini guard-agrees"
    )


def test_a_request_that_no_tier_saw_has_a_line_too() -> None:
    line = plain(an_event(**CALLED, result="", reason="", status=401, model=None))

    assert re.sub(" +", " ", line[8:]) == " 401 - 40.0 ms POST /v1/chat/completions"


def test_what_a_client_chose_cannot_steer_the_terminal() -> None:
    line = coloured(an_event(method="GET", path="/v1/\x1b[2J\n", model="m\x07" + "x" * 100))

    assert "\x1b[2J" not in line
    assert "\n" not in line
    assert len(line) < 300


def test_each_tier_has_its_colour() -> None:
    lines = {coloured(an_event(result=result)) for result in ("HIT-EXACT", "HIT-SEMANTIC", "MISS")}

    assert len({re.findall("\x1b\\[3\\dm", line)[0] for line in lines}) == 3


def test_json_holds_the_fields_of_the_log_line_and_the_call() -> None:
    request = an_event(**CALLED, prompt="never shown")

    assert json.loads(as_json(request)) == {**CALLED, **request.line()}


def test_a_closed_stream_fails_no_request() -> None:
    stream = io.StringIO()
    stream.close()

    Console(stream, plain).write(an_event())


class Written(io.StringIO):
    """Keeps what was written with each call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.written = asyncio.Event()

    def write(self, text: str) -> int:
        self.calls.append(text)
        self.written.set()
        return super().write(text)


async def test_on_an_event_loop_the_lines_of_a_moment_are_one_write() -> None:
    stream = Written()
    sink = Console(stream, lambda served: served.request_id)

    for name in ("one", "two"):
        sink.write(an_event(request_id=name))
    await stream.written.wait()
    sink.write(an_event(request_id="three"))
    sink.close()
    sink.close()

    assert stream.calls == ["one\ntwo\n", "three\n"]


async def test_no_write_is_so_long_that_another_process_may_write_into_it() -> None:
    stream = Written()
    sink = Console(stream, lambda served: served.request_id)

    for number in range(9):
        sink.write(an_event(request_id=f"{number}" * 1_000))
    sink.write(an_event(request_id="long" * 2_000))
    sink.close()

    assert [len(call) for call in stream.calls] == [4_004, 4_004, 1_001, 8_001]
    assert all(call.endswith("\n") for call in stream.calls)


async def test_a_write_is_measured_in_bytes() -> None:
    stream = Written()
    sink = Console(stream, lambda _: "\u00e9" * 1_500)

    for _ in range(4):
        sink.write(an_event())
    sink.close()

    assert [len(call.encode()) for call in stream.calls] == [3_001] * 4


async def test_once_closed_each_line_is_written_at_once() -> None:
    stream = Written()
    sink = Console(stream, lambda served: served.request_id)
    sink.close()

    for name in ("one", "two"):
        sink.write(an_event(request_id=name))

    assert stream.calls == ["one\n", "two\n"]


@pytest.mark.parametrize(
    ("choice", "stream", "first"),
    [
        ("auto", Terminal(), "\x1b"),
        ("auto", io.StringIO(), "{"),
        ("json", Terminal(), "{"),
        ("lines", io.StringIO(), "2"),
    ],
)
def test_the_form_is_the_one_asked_for_or_fits_the_stream(
    choice: str, stream: io.StringIO, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    sink = console(read_settings({"CONSOLE": choice}), stream)
    assert sink is not None

    sink.write(an_event(time=1_700_000_000.0))

    line = stream.getvalue()
    assert line[0] == first or (first == "2" and line[0].isdigit())


def test_no_line_is_printed_where_none_is_wanted() -> None:
    assert console(read_settings({"CONSOLE": "off"}), Terminal()) is None


def test_json_says_what_a_client_chose_as_it_was() -> None:
    request = an_event(method=None, path='/v1/"é"\n\ud800')

    assert json.loads(as_json(request)) == {
        "method": None,
        "path": '/v1/"é"\n\ud800',
        **request.line(),
    }
