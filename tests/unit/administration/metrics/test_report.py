"""Facts about the report on checked semantic hits."""

import pytest

from llm_cache_proxy.administration.metrics.report import Trust
from llm_cache_proxy.api.operators.prometheus import exposition
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import (
    embedding_counts,
    merged,
    ruling_counts,
    sample_counts,
)
from llm_cache_proxy.domain.metrics.counter_totals import tally
from llm_cache_proxy.domain.metrics.intervals import wilson_interval
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.domain.metrics.report import embedding, semantic_accuracy

NOTHING = Trust(0.0, 0)


def metrics_of(*counts: dict[str, int]) -> dict[str, JsonObject]:
    return semantic_accuracy(tally(merged(*counts)))  # type: ignore[return-value]  # two sections


def exposed(*counts: dict[str, int], trust: Trust = NOTHING) -> list[str]:
    text = exposition(tally(merged(*counts)), default_prices(), {}, trust, {})
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_where_nothing_was_sampled_no_share_is_reported() -> None:
    shadow = metrics_of({})["shadow"]

    assert (shadow["samples"], shadow["wrong_share"], shadow["wrong_share_ci"]) == (0, None, None)
    assert not any(line.startswith("llm_cache_shadow_wrong_share") for line in exposed({}))


def test_the_wrong_share_is_reported_with_its_interval() -> None:
    samples = [sample_counts(wrong=number < 3) for number in range(40)]

    shadow = metrics_of(*samples, {"shadow:failed": 2, "shadow:threshold_raised": 1})["shadow"]

    assert (shadow["samples"], shadow["wrong"], shadow["failed"]) == (40, 3, 2)
    assert shadow["wrong_share"] == 0.075
    assert shadow["wrong_share_ci"] == pytest.approx(wilson_interval(3, 40), abs=1e-6)
    assert shadow["thresholds_raised"] == 1


def test_the_verifiers_ruling_and_price_are_reported() -> None:
    rulings = [
        ruling_counts("gpt-4o-mini", 100, 1, approved=approved, nano_dollars=15_600)
        for approved in (True, True, False)
    ]

    assert metrics_of(*rulings, {"verifier:failed": 4})["verifier"] == {
        "approved": 2,
        "refused": 1,
        "failed": 4,
        "dollars_spent": pytest.approx(0.0000468),
    }


def test_an_embedders_calls_tokens_and_price_are_reported() -> None:
    calls = [embedding_counts(50, 1_000), embedding_counts(30, 600)]

    lines = exposed(*calls)

    assert embedding(tally(merged(*calls))) == {
        "calls": 2,
        "tokens": 80,
        "dollars_spent": pytest.approx(0.0000016),
        "unpriced_tokens": 0,
    }
    assert "llm_cache_embedding_calls_total 2" in lines
    assert "llm_cache_embedding_tokens_total 80" in lines
    assert "llm_cache_embedding_dollars_total 1.6e-06" in lines


def test_tokens_of_an_embedder_without_a_price_are_reported_separately() -> None:
    calls = [embedding_counts(50, 1_000), embedding_counts(30, None)]

    assert embedding(tally(merged(*calls))) == {
        "calls": 2,
        "tokens": 80,
        "dollars_spent": pytest.approx(0.000001),
        "unpriced_tokens": 30,
    }
    assert "llm_cache_embedding_unpriced_tokens_total 30" in exposed(*calls)


def test_prometheus_reads_the_same() -> None:
    lines = exposed(
        sample_counts(wrong=True),
        ruling_counts("m", 1, 1, approved=True, nano_dollars=1_000_000_000),
        {"shadow:threshold_raised": 1},
        trust=Trust(0.92, 7),
    )

    assert 'llm_cache_shadow_samples_total{outcome="wrong"} 1' in lines
    assert 'llm_cache_verifier_rulings_total{ruling="approved"} 1' in lines
    assert "llm_cache_verifier_dollars_total 1.0" in lines
    assert "llm_cache_thresholds_raised_total 1" in lines
    assert "llm_cache_raised_threshold 0.92" in lines
    assert "llm_cache_barred_pairs 7" in lines
    assert sum(line.startswith("llm_cache_shadow_wrong_share") for line in lines) == 2
