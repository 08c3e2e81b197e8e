import json

import pytest

from llm_cache_proxy.domain.evaluation import (
    Decision,
    LabelledPair,
    evaluate_pairs,
    wilson_interval,
)
from llm_cache_proxy.domain.guard import Guard

ROWS = [
    LabelledPair("How do I enable dark mode?", "How do I disable dark mode?", False, 0.93),
    LabelledPair("What is Rust?", "Tell me what Rust is", True, 0.95),
    LabelledPair("What is Rust?", "Why does iron rust?", False, 0.60),
    LabelledPair("Name 3 planets", "Name three planets", True, 0.85),
    LabelledPair("Is Paris big?", "is paris big", False, 0.99),
]


def test_the_guard_is_measured_against_cosine_alone() -> None:
    result = evaluate_pairs(ROWS, Decision(0.9, Guard())).as_json()

    assert result["pairs"] == 5
    assert result["positives"] == 2
    assert result["negatives"] == 3
    assert result["baseline"] == {"false": 2, "true": 1}
    assert result["served"] == {"false": 1, "true": 1}
    assert result["false_kept"] == pytest.approx(0.5)
    assert result["true_kept"] == pytest.approx(1.0)
    assert result["served_share"] == pytest.approx(0.4)
    assert result["wrong_share"] == pytest.approx(0.5)
    assert result["vetoes"] == {"opposites": 1}


def test_without_a_guard_cosine_alone_decides() -> None:
    result = evaluate_pairs(ROWS, Decision(0.9, None))

    assert result.served == result.baseline
    assert result.vetoes == {}


def test_what_is_never_compared_semantically_is_not_served() -> None:
    rows = [
        LabelledPair("What is the weather in Rome?", "How is the weather in Rome?", True, 0.97),
        LabelledPair("What is my balance?", "Please show me my balance", True, 0.97),
        LabelledPair("What is Rust?", "Tell me what Rust is", True, 0.99, whole=False),
    ]

    result = evaluate_pairs(rows, Decision(0.9, Guard()))

    assert result.served.true == 0
    assert result.vetoes == {"time-sensitive": 1, "personal": 1, "too-long": 1}


def test_what_the_exact_tier_serves_needs_no_semantic_comparison() -> None:
    rows = [LabelledPair("What's the weather in Rome?", "what's the weather in rome?", True, 1.0)]

    assert evaluate_pairs(rows, Decision(0.9, Guard())).served.true == 1


def test_a_similarity_equal_to_the_threshold_is_served() -> None:
    result = evaluate_pairs(ROWS[1:2], Decision(0.95, None))

    assert result.served.true == 1


def test_shares_without_a_denominator_are_null() -> None:
    result = evaluate_pairs([], Decision(0.9, Guard())).as_json()

    for name in ("false_kept", "true_kept", "served_share", "wrong_share"):
        assert result[name] is None
    assert result["served_share_ci"] is None
    assert result["wrong_share_ci"] is None


def test_the_result_is_json() -> None:
    result = evaluate_pairs(ROWS, Decision(0.9, Guard())).as_json()

    assert json.loads(json.dumps(result)) == result


def test_wilson_interval_agrees_with_published_values() -> None:
    low, high = wilson_interval(8, 10) or (0, 0)

    assert low == pytest.approx(0.4902, abs=1e-4)
    assert high == pytest.approx(0.9433, abs=1e-4)


def test_wilson_interval_of_nothing_wrong_is_no_certainty() -> None:
    low, high = wilson_interval(0, 100) or (1, 0)

    assert low == pytest.approx(0, abs=1e-9)
    assert high == pytest.approx(0.0370, abs=1e-4)


def test_wilson_interval_of_an_empty_sample_is_unknown() -> None:
    assert wilson_interval(0, 0) is None


def test_what_was_served_or_refused_wrongly_is_named_with_its_rule() -> None:
    rows = [
        LabelledPair("Name 3 planets", "Name 4 planets", True, 0.98, kind="numbers"),
        LabelledPair("What is Rust?", "Tell me what Rust is", False, 0.95),
    ]

    result = evaluate_pairs(rows, Decision(0.9, Guard()))

    [lost], [wrong] = result.lost, result.wrong
    assert lost.as_json() == {
        "a": "Name 3 planets",
        "b": "Name 4 planets",
        "similarity": 0.98,
        "rule": "numbers",
        "kind": "numbers",
    }
    assert wrong.as_json() == {
        "a": "What is Rust?",
        "b": "Tell me what Rust is",
        "similarity": 0.95,
        "rule": None,
    }
