"""Facts about what one request adds to the counters, and its line in the log with it."""

import pytest

from llm_cache_proxy.domain.metrics.counter_names import latency_counts, result_counts
from llm_cache_proxy.domain.metrics.counter_totals import tally
from llm_cache_proxy.domain.metrics.line_counts import line_counts
from llm_cache_proxy.domain.metrics.similarities import similarity_count
from llm_cache_proxy.domain.requests.reasons import Result
from samples.request_events import SAVED, USED, an_event


@pytest.mark.parametrize("result", sorted(Result))
def test_a_line_adds_what_its_request_has_added(result: Result) -> None:
    event = an_event(
        result=result.value, reason="why", similarity=0.95, status=503, latency_ms=12.5
    )

    added = result_counts(event.result, event.reason, status=503, latency_ms=12.5, similarity=0.95)

    assert line_counts(event.line(), str.lower) == added


def test_a_hits_line_adds_the_tokens_that_it_saved() -> None:
    line = an_event(result="STALE", usage=SAVED, model="GPT-4o-mini").line()

    found = tally(line_counts(line, str.lower)).models["gpt-4o-mini"]

    assert (found.hits, found.upstream_answers) == (1, 0)
    assert (found.prompt_saved, found.completion_saved) == (120, 34)


@pytest.mark.parametrize(("result", "answers"), [("MISS", 1), ("BYPASS", 1), ("ERROR", 0)])
def test_a_line_from_the_upstream_adds_the_tokens_that_it_used(result: str, answers: int) -> None:
    found = tally(line_counts(an_event(result=result, usage=USED).line(), str)).models[
        "gpt-4o-mini"
    ]

    assert (found.hits, found.upstream_answers) == (0, answers)
    assert (found.prompt_used, found.completion_used) == (120, 34)


def test_a_line_adds_its_vetoes_and_failures_by_name() -> None:
    line = an_event(vetoes={"numbers": 2, "names": 1}, failures={"search": 3}).line()

    found = tally(line_counts(line, str))

    assert found.vetoes == {"names": 1, "numbers": 2}
    assert found.errors == {"search": 3}


def test_a_miss_that_was_not_looked_up_is_counted_as_such() -> None:
    assert tally(line_counts(an_event(reason="refresh").line(), str)).not_read == 1


def test_an_incomplete_line_adds_the_fields_that_it_has() -> None:
    assert line_counts({"result": "NEW"}, str) == {}
    assert line_counts({"result": "MISS", "similarity": "near", "vetoes": ["numbers"]}, str) == {
        "misses": 1,
        **latency_counts("MISS", 0.0),
        **similarity_count(0.0, "MISS", ""),
    }
