"""The sections of `/metrics`' JSON, made from a tally.

Decides names and units only. Dollars are at today's prices, and a model without a price is named as
such: its tokens are counted, its dollars are not guessed.
"""

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import (
    RESULTS,
)
from llm_cache_proxy.domain.metrics.counter_totals import ModelTally, Tally
from llm_cache_proxy.domain.metrics.intervals import wilson_interval
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS, PriceList

_PERCENTILES = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99}
_DIGITS = 9
"""Decimal places of dollars in reports: down to nano-dollars."""


def sections(tally: Tally, prices: PriceList) -> JsonObject:
    """Every section of one tally, by its name."""
    return {
        "cache_performance": cache_performance(tally),
        "token_usage": token_usage(tally),
        "cost_analysis": cost_analysis(tally, prices),
        "latency": latency(tally),
        "semantic_accuracy": semantic_accuracy(tally),
        "embedding": embedding(tally),
    }


def embedding(tally: Tally) -> JsonObject:
    """The calls to a paid embedder, and their cost at list prices."""
    return {
        "calls": tally.embeddings.get("calls", 0),
        "tokens": tally.embeddings.get("tokens", 0),
        "dollars_spent": to_dollars(tally.embeddings.get("nano_dollars", 0)),
        "unpriced_tokens": tally.embeddings.get("unpriced_tokens", 0),
    }


def semantic_accuracy(tally: Tally) -> JsonObject:
    """How semantic hits turned out where they were sampled, and what the verifier said.

    `wrong_share` is from 0 to 1 with its 95 % interval; null where nothing was sampled.
    """
    wrong = tally.samples.get("wrong", 0)
    samples = wrong + tally.samples.get("right", 0)
    interval = wilson_interval(wrong, samples)
    return {
        "shadow": {
            "samples": samples,
            "wrong": wrong,
            "failed": tally.samples.get("failed", 0),
            "wrong_share": None if interval is None else round(wrong / samples, 6),
            "wrong_share_ci": None if interval is None else [round(end, 6) for end in interval],
            "thresholds_raised": tally.samples.get("threshold_raised", 0),
        },
        "verifier": {
            **{name: tally.rulings.get(name, 0) for name in ("approved", "refused", "failed")},
            "dollars_spent": to_dollars(tally.rulings.get("nano_dollars", 0)),
        },
    }


def cache_performance(tally: Tally) -> JsonObject:
    """Results by tier, the hit rate (0 to 1), and what failed, was refused or vetoed, by cause."""
    return {
        **{name: tally.results[name] for name in RESULTS},
        "total_requests": tally.total_requests,
        "not_read": tally.not_read,
        "hit_rate": round(tally.hit_rate, 6),
        "failures": dict(tally.failures),
        "refusals": dict(tally.refusals),
        "vetoes": dict(tally.vetoes),
        "errors": dict(tally.errors),
    }


def token_usage(tally: Tally) -> JsonObject:
    """Tokens over all models, prompt and completion apart."""
    models = tally.models.values()
    prompt_used = sum(model.prompt_used for model in models)
    completion_used = sum(model.completion_used for model in models)
    prompt_saved = sum(model.prompt_saved for model in models)
    completion_saved = sum(model.completion_saved for model in models)
    return {
        "prompt_tokens_used": prompt_used,
        "completion_tokens_used": completion_used,
        "total_tokens_used": prompt_used + completion_used,
        "prompt_tokens_saved": prompt_saved,
        "completion_tokens_saved": completion_saved,
        "total_tokens_saved": prompt_saved + completion_saved,
    }


def cost_analysis(tally: Tally, prices: PriceList) -> JsonObject:
    """Dollars over all priced models, each model's part, and who has no price."""
    spent = saved = 0
    for name, model in tally.models.items():
        price = prices.price(name)
        if price is not None:
            spent += model.spent(price)
            saved += model.saved(price)
    return {
        "currency": "USD",
        "dollars_spent": to_dollars(spent),
        "dollars_saved": to_dollars(saved),
        "by_model": {
            name: _model_section(name, model, prices) for name, model in tally.models.items()
        },
        "unpriced_models": [name for name in tally.models if prices.price(name) is None],
    }


def latency(tally: Tally) -> JsonObject:
    """Milliseconds by tier, within the histogram's buckets."""
    return {
        tier: {
            "count": found.count,
            "mean_ms": round(found.mean_ms, 3),
            **{name: round(found.percentile(share), 3) for name, share in _PERCENTILES.items()},
        }
        for tier, found in tally.latencies.items()
    }


def to_dollars(nano: int) -> float:
    """Nano-dollars as dollars."""
    return round(nano / NANO_DOLLARS, _DIGITS)


def _model_section(name: str, model: ModelTally, prices: PriceList) -> JsonObject:
    price = prices.price(name)
    return {
        "hits": model.hits,
        "upstream_answers": model.upstream_answers,
        "prompt_tokens_used": model.prompt_used,
        "completion_tokens_used": model.completion_used,
        "prompt_tokens_saved": model.prompt_saved,
        "completion_tokens_saved": model.completion_saved,
        "dollars_spent": None if price is None else to_dollars(model.spent(price)),
        "dollars_saved": None if price is None else to_dollars(model.saved(price)),
        "price_known": price is not None,
    }
