"""How often a follower looks, and what it takes for a leader's message."""

import pytest

from llm_cache_proxy.domain.entries.shared_answer import SharedAnswer, shared_answer
from llm_cache_proxy.pipeline.single_flight.waiting import UNKNOWN_SECONDS, UpstreamPace, pauses


def test_the_first_look_comes_when_the_answer_is_due_and_later_ones_ever_more_rarely() -> None:
    waits = pauses(4.0, 1.0, 0.0)

    assert [next(waits) for _ in range(6)] == [3.0, 1.0, 1.5, 2.0, 2.0, 2.0]


def test_a_pause_is_never_too_short_and_varies() -> None:
    late, spread = pauses(1.0, 9.0, 0.0), pauses(4.0, 0.0, 0.5)

    assert next(late) == 0.05
    assert next(spread) == 4.5


def test_what_is_expected_is_the_median_of_the_last_answers() -> None:
    pace = UpstreamPace()
    for seconds in (100.0, *[2.0] * 15, *[4.0] * 5):
        pace.saw("m", seconds)

    assert pace.expected_seconds("m") == 2.0
    assert pace.expected_seconds("other") == UNKNOWN_SECONDS


def test_models_without_end_take_no_memory_without_end() -> None:
    pace = UpstreamPace()
    for number in range(1_000):
        pace.saw(str(number), 9.0)

    assert pace.expected_seconds("0") == UNKNOWN_SECONDS
    assert pace.expected_seconds("999") == 9.0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"v": 9}', '{"v": 1, "forms": null}', "null"])
def test_mail_that_makes_no_sense_is_no_answer(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever json says
        shared_answer(text)


def test_mail_is_read_as_it_was_written() -> None:
    answer = SharedAnswer(429, "text/plain", {"retry-after": "7"}, body="ä", model="m")

    assert shared_answer(answer.text()) == answer
