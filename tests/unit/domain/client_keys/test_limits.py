"""Facts about limits: when windows end, what is left, and how it is reported."""

import calendar

import pytest

from llm_cache_proxy.domain.client_keys.estimates import expected_tokens
from llm_cache_proxy.domain.client_keys.limits import (
    Allowance,
    Grant,
    KeyRecord,
    Limits,
    Refusal,
    grant,
)
from llm_cache_proxy.domain.client_keys.local_rate import LocalRate
from llm_cache_proxy.domain.client_keys.refusals import duration, limit_headers, refused_key
from llm_cache_proxy.domain.client_keys.usage import (
    Charge,
    KeyUsage,
    corrected,
    day_seconds_left,
    month_of,
    month_seconds_left,
)

KEY = "00000000000000aa"


def moment(*date: int) -> int:
    return calendar.timegm((*date, *(0,) * (6 - len(date))))


@pytest.mark.parametrize(
    ("now", "left"),
    [
        (moment(2026, 11, 25, 0, 0, 0), 6 * 86_400),
        (moment(2026, 12, 31, 23, 59, 59), 1),
        (moment(2028, 2, 29), 86_400),
        (moment(2027, 1, 31), 86_400),
        (moment(2027, 2, 1), 28 * 86_400),
    ],
)
def test_a_month_ends_when_the_next_begins(now: int, left: int) -> None:
    assert month_seconds_left(now) == left
    assert month_of(now + left) == month_of(now) + 1
    assert month_of(now + left - 1) == month_of(now)


def test_a_day_ends_at_midnight() -> None:
    assert day_seconds_left(moment(2026, 11, 25, 23, 59, 0)) == 60
    assert day_seconds_left(moment(2026, 11, 25)) == 86_400


def test_usage_is_reported_for_the_given_minute_day_and_month() -> None:
    now = moment(2026, 11, 30, 23, 59, 50)
    used = KeyUsage(now, 5, now // 86_400, 100, month_of(now), 1_000)

    assert used.at(now + 9) == used
    tomorrow = used.at(now + 11)
    assert (tomorrow.requests, tomorrow.tokens, tomorrow.nano_dollars) == (5, 0, 0)
    assert used.at(now + 60).requests == 0
    assert used.at(now - 1).requests == 0, "a clock that went back begins a new window"


@pytest.mark.parametrize("what", ["t", "n"])
def test_a_correction_of_a_period_to_come_begins_it(what: str) -> None:
    held = KeyUsage(day=10, tokens=7, month=10, nano_dollars=7)

    begun = corrected(held, what, 11, 3)

    assert (begun.tokens, begun.nano_dollars) == ((3, 7) if what == "t" else (7, 3))


@pytest.mark.parametrize("what", ["t", "n"])
def test_a_correction_of_a_period_that_is_over_changes_nothing(what: str) -> None:
    held = KeyUsage(day=10, tokens=7, month=10, nano_dollars=7)

    assert corrected(held, what, 9, 3) == held


def test_a_charge_that_was_right_needs_no_correction() -> None:
    assert Charge(KEY, 1, 2, 30, 40).corrected_to(30, 40) == {}
    assert Charge(KEY, 1, 2, 30, 40).corrected_to(10, 0) == {
        f"usage:{KEY}:t:1": -20,
        f"usage:{KEY}:n:2": -40,
    }


def test_what_is_over_the_limit_leaves_nothing() -> None:
    now = moment(2026, 11, 25)
    record = KeyRecord("ci", now, Limits(10, 100, None))
    used = KeyUsage(now - 20, 3, now // 86_400, 500, month_of(now), 9)

    left = grant(record, used, now)

    assert left.requests == Allowance(10, 7, 40)
    assert left.tokens == Allowance(100, 0, 86_400)
    assert left.nano_dollars is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59, "59s"), (60, "1m0s"), (361, "6m1s"), (3_600, "1h0m0s"), (86_399, "23h59m59s")],
)
def test_times_are_reported_as_openai_does(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_only_limits_that_there_are_have_headers() -> None:
    assert limit_headers(None) == {}
    assert limit_headers(Grant(nano_dollars=Allowance(5, 5, 5))) == {}
    assert limit_headers(Grant(requests=Allowance(60, 59, 61))) == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1m1s",
    }


def test_a_used_up_month_is_reported_in_dollars() -> None:
    left = Grant(nano_dollars=Allowance(2_500_000_000, 1_000_000, 100))

    error = refused_key(Refusal.DOLLARS, left, model="m")

    assert "$0.0010 left of this month's $2.50" in error.message
    assert error.headers["retry-after"] == "100"


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_an_answer_of_its_own(refusal: Refusal) -> None:
    error = refused_key(refusal, None, model="m" * 1_000)

    assert error.status in {401, 403, 429}
    assert error.code
    assert len(error.message) < 300


@pytest.mark.parametrize(
    ("fields", "completion"),
    [
        ({}, 1_024),
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6, "max_tokens": 5}, 6),
        ({"max_output_tokens": 7}, 7),
        ({"max_tokens": 5, "n": 3}, 15),
        ({"max_tokens": True}, 1_024),
        ({"max_tokens": -1}, 1_024),
        ({"max_tokens": "5"}, 1_024),
        ({"max_tokens": None, "n": None}, 1_024),
        ({"max_tokens": 10**30}, 10**7),
        ({"max_tokens": 10**7, "n": 10**7}, 10**7),
    ],
)
def test_an_estimate_takes_a_token_per_four_bytes_and_what_may_be_answered(
    fields: dict[str, object], completion: int
) -> None:
    assert expected_tokens(b"12345", fields) == (2, completion)


def test_what_generates_nothing_is_expected_to_complete_nothing() -> None:
    assert expected_tokens(b"1234", {"max_tokens": 9}, generates=False) == (1, 0)


def test_a_local_rate_serves_so_many_in_a_minute_and_then_says_how_long() -> None:
    rate = LocalRate(2)

    waits = [rate.wait_seconds("a", now) for now in (0.0, 10.0, 20.0, 59.0, 60.0)]

    assert waits == [0, 0, 40, 1, 0]
    assert rate.wait_seconds("b", 20.0) == 0


def test_a_local_rate_of_nothing_serves_no_request() -> None:
    assert LocalRate(0).wait_seconds("a", 5.0) == 60


def test_a_local_rate_forgets_whom_it_has_known_the_longest() -> None:
    rate = LocalRate(1)
    rate.wait_seconds("first", 0.0)

    for number in range(10_000):
        rate.wait_seconds(str(number), 0.0)

    assert len(rate._windows) == 10_000
    assert rate.wait_seconds("first", 0.0) == 0
    assert rate.wait_seconds("9999", 0.0) > 0
