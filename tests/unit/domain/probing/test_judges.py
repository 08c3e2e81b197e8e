"""Facts about what the answers to a probe prove."""

from dataclasses import replace

import pytest

from llm_cache_proxy.domain.probing import Finding, Observed, Risk
from llm_cache_proxy.domain.probing.probe import (
    Judge,
    error_stays_an_error,
    keeps_its_shape,
    must_differ,
    never_stored,
    notes_sharing,
    should_be_shared,
)

ONE = Observed(200, "application/json", "id-1", "one", "stop", terminated=True, cache_header=None)
OTHER = replace(ONE, told_by="id-2", text="other")
RENAMED = replace(ONE, told_by="id-2")
"""May be the same answer or not: another id, the same words."""
REFUSED = replace(ONE, status=400, told_by="", text="")
CUT = replace(ONE, finish_reason="length")
STREAM = replace(ONE, content_type="text/event-stream")


def judged(judge: Judge, *seen: Observed) -> Risk:
    return judge(seen).risk


def test_a_shared_answer_is_unsafe_where_answers_must_differ() -> None:
    assert judged(must_differ, ONE, ONE) is Risk.UNSAFE
    assert judged(must_differ, ONE, OTHER, replace(OTHER, text="x")) is Risk.UNSAFE
    assert judged(must_differ, ONE, OTHER) is Risk.SAFE


def test_a_shared_answer_is_thrift_where_only_the_spelling_differs() -> None:
    assert judged(should_be_shared, ONE, ONE) is Risk.SAFE
    assert judged(should_be_shared, ONE, OTHER) is Risk.WASTEFUL


def test_whether_anything_is_shared_is_noted() -> None:
    judge = notes_sharing("a repeat comes")

    assert judge([ONE, ONE]) == Finding(Risk.NOTED, "a repeat comes from the cache")
    assert judge([ONE, OTHER]) == Finding(Risk.NOTED, "a repeat comes anew")


def test_a_cut_answer_that_comes_again_is_unsafe() -> None:
    assert judged(never_stored, CUT, CUT) is Risk.UNSAFE
    assert judged(never_stored, CUT, replace(CUT, told_by="id-2", text="x")) is Risk.SAFE


def test_an_answer_that_was_not_cut_proves_nothing_about_cut_ones() -> None:
    assert judged(never_stored, ONE, ONE) is Risk.UNCLEAR


@pytest.mark.parametrize(
    "judge", [must_differ, should_be_shared, notes_sharing("a repeat comes"), never_stored]
)
def test_answers_that_nothing_distinguishes_prove_nothing(judge: Judge) -> None:
    found = judge([CUT, replace(RENAMED, finish_reason="length")])

    assert found == Finding(Risk.UNCLEAR, "nothing in the answers distinguishes them")


@pytest.mark.parametrize(
    "judge", [must_differ, should_be_shared, notes_sharing("a repeat comes"), never_stored]
)
def test_a_refused_request_proves_nothing_and_its_status_is_reported(judge: Judge) -> None:
    found = judge([CUT, REFUSED])

    assert found == Finding(Risk.UNCLEAR, "a request was answered with status 400")


def test_an_error_may_come_again_and_may_not_become_a_success() -> None:
    assert judged(error_stays_an_error, REFUSED, REFUSED) is Risk.SAFE
    assert judged(error_stays_an_error, REFUSED, REFUSED, ONE) is Risk.UNSAFE
    assert judged(error_stays_an_error, REFUSED, replace(REFUSED, status=500)) is Risk.UNSAFE


def test_a_wrong_request_that_was_served_proves_nothing() -> None:
    assert judged(error_stays_an_error, ONE, ONE) is Risk.UNCLEAR


@pytest.mark.parametrize(
    ("seen", "risk"),
    [
        ((ONE, STREAM, ONE), Risk.SAFE),
        ((ONE, ONE, ONE), Risk.UNSAFE),
        ((ONE, replace(STREAM, terminated=False), ONE), Risk.UNSAFE),
        ((ONE, STREAM, STREAM), Risk.UNSAFE),
        ((ONE, replace(STREAM, text="on"), ONE), Risk.UNSAFE),
        ((ONE, replace(STREAM, told_by="id-2", text="anew"), ONE), Risk.SAFE),
        ((ONE, REFUSED, ONE), Risk.UNCLEAR),
    ],
)
def test_a_stream_is_answered_by_the_whole_stream_and_json_by_json(
    seen: tuple[Observed, ...], risk: Risk
) -> None:
    assert judged(keeps_its_shape, *seen) is risk
