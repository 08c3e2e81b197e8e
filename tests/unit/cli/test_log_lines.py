"""Trouble is logged once, and then at most once a minute."""

import asyncio
import logging
import traceback

import pytest

from llm_cache_proxy.cli.log_lines import OncePerMinute, is_fault


class Watch:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def once(watch: Watch) -> OncePerMinute:
    return OncePerMinute(watch)


def record(*arguments: str, level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("x", level, __file__, 1, "the upstream %s failed: %s", arguments, None)


def test_the_first_of_its_kind_is_written_and_the_second_is_not(once: OncePerMinute) -> None:
    passed = [once.filter(record("groq", why)) for why in ("refused", "timed out")]

    assert passed == [True, False]


def test_another_kind_is_written(once: OncePerMinute) -> None:
    assert once.filter(record("groq", "refused"))
    assert once.filter(record("openai", "refused"))


def test_after_a_minute_it_is_written_with_what_was_left_out(
    once: OncePerMinute, watch: Watch
) -> None:
    for _ in range(3):
        once.filter(record("groq", "refused"))
    watch.now += 60
    later = record("groq", "timed out")

    assert once.filter(later)
    assert later.getMessage() == "the upstream groq failed: timed out (2 more since)"


def test_what_is_no_warning_always_passes(once: OncePerMinute) -> None:
    assert all(once.filter(record("groq", "x", level=logging.INFO)) for _ in range(3))


def failed(
    fault: BaseException, text: str = "Exception in ASGI application\n"
) -> logging.LogRecord:
    cause = (type(fault), fault, None)
    return logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, text, (), cause)


def test_what_a_stopping_server_cuts_off_is_no_fault() -> None:
    assert is_fault(failed(ValueError("x")))
    assert not is_fault(failed(asyncio.CancelledError("the time to drain is over")))


def test_the_app_that_a_stopping_server_cuts_off_is_no_fault() -> None:
    ended = "".join(traceback.format_exception(asyncio.CancelledError()))

    assert not is_fault(record_of(ended))
    assert is_fault(record_of("".join(traceback.format_exception(ValueError("x")))))


def record_of(text: str) -> logging.LogRecord:
    return logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, text, (), None)
