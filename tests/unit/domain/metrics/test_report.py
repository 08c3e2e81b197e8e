"""Facts about what the counters are reported as."""

import pytest

from llm_cache_proxy.domain.metrics.counter_names import (
    EXACT_HITS,
    SEMANTIC_HITS,
    error_count,
    hit_counts,
    merged,
    miss_counts,
    veto_count,
)
from llm_cache_proxy.domain.metrics.counter_totals import tally
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.domain.metrics.report import cache_performance, cost_analysis, token_usage

PRICES = default_prices()
GPT = "gpt-4o-mini"  # 150 and 600 nano-dollars


def test_results_are_reported_by_tier_and_the_rate_is_hits_over_hits_and_misses() -> None:
    counts = {"exact_hits": 2, "semantic_hits": 1, "misses": 1, "bypasses": 5, "coalesced": 1}

    counts |= {"error": 3, "refused": 1, "failure:502": 3, "refusal:401:invalid_api_key": 1}

    answer = cache_performance(tally({**counts, **veto_count("numbers"), **error_count("search")}))

    assert answer == {
        "exact_hits": 2,
        "semantic_hits": 1,
        "misses": 1,
        "bypasses": 5,
        "stale": 0,
        "coalesced": 1,
        "error": 3,
        "refused": 1,
        "total_requests": 14,
        "hit_rate": 0.75,
        "failures": {"502": 3},
        "refusals": {"401:invalid_api_key": 1},
        "not_read": 0,
        "vetoes": {"numbers": 1},
        "errors": {"search": 1},
    }


def test_without_requests_everything_is_zero() -> None:
    answer = cache_performance(tally({}))

    assert (answer["total_requests"], answer["hit_rate"]) == (0, 0)


def test_prompt_and_completion_tokens_are_distinguished() -> None:
    counts = merged(
        hit_counts(EXACT_HITS, GPT, 100, 20),
        hit_counts(SEMANTIC_HITS, "other", 1, 2),
        miss_counts(GPT, 1000, 200),
    )

    assert token_usage(tally(counts)) == {
        "prompt_tokens_used": 1000,
        "completion_tokens_used": 200,
        "total_tokens_used": 1200,
        "prompt_tokens_saved": 101,
        "completion_tokens_saved": 22,
        "total_tokens_saved": 123,
    }


def test_dollars_are_each_models_own_price() -> None:
    counts = merged(hit_counts(EXACT_HITS, GPT, 1_000_000, 0), miss_counts(GPT, 0, 1_000_000))

    answer = cost_analysis(tally(counts), PRICES)

    assert (answer["dollars_saved"], answer["dollars_spent"]) == (0.15, 0.6)
    assert answer["unpriced_models"] == []


def test_a_model_without_a_price_counts_tokens_and_no_dollars() -> None:
    answer = cost_analysis(tally(miss_counts("other", 1000, 1000)), PRICES)

    assert answer["dollars_spent"] == 0
    assert answer["unpriced_models"] == ["other"]
    assert answer["by_model"] == {
        "other": {
            "hits": 0,
            "upstream_answers": 1,
            "prompt_tokens_used": 1000,
            "completion_tokens_used": 1000,
            "prompt_tokens_saved": 0,
            "completion_tokens_saved": 0,
            "dollars_spent": None,
            "dollars_saved": None,
            "price_known": False,
        }
    }


def test_a_models_name_may_hold_colons() -> None:
    models = tally(miss_counts("llama3:8b", 1, 2)).models

    assert models["llama3:8b"].completion_used == 2


def test_a_correction_that_came_before_its_count_reads_as_zero() -> None:
    read = tally({"exact_hits": -1, "model:m:hits": -1, "veto:numbers": -1})

    assert read.results["exact_hits"] == 0
    assert read.models["m"].hits == 0
    assert read.vetoes == {"numbers": 0}


@pytest.mark.parametrize("name", ["model:", "latency:x", "model:nopart", "unheard_of"])
def test_a_counter_of_another_shape_is_left_out(name: str) -> None:
    read = tally({name: 3})

    assert (read.models, read.latencies, read.total_requests) == ({}, {}, 0)
