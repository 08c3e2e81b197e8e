"""A tally in Prometheus's text format, version 0.0.4.

Labels are bounded: results, rules, kinds, tiers, and models by their counted names; tenants are
no label. Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Iterator, Mapping

from llm_cache_proxy.administration.metrics.report import Trust
from llm_cache_proxy.domain.metrics.counter_totals import ModelTally, Tally
from llm_cache_proxy.domain.metrics.histogram import BOUNDS_MS
from llm_cache_proxy.domain.metrics.intervals import wilson_interval
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.metrics.report import to_dollars

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Sample = tuple[dict[str, str], float]
_RULINGS = ("approved", "refused", "failed")
_OUTCOMES = ("right", "wrong", "failed")


def exposition(
    tally: Tally,
    prices: PriceList,
    breakers: Mapping[str, str],
    trust: Trust,
    parts: Mapping[str, str],
) -> str:
    """Every counter of the tally, one metric family after the other.

    `breakers` are those of this process, `open` or `closed` by tier; `parts` are what health says
    of each.
    """
    families = (
        *_counts(tally),
        _family(
            "llm_cache_breaker_open",
            "Whether the breaker of a tier is open in this process.",
            (({"tier": tier}, int(state == "open")) for tier, state in breakers.items()),
            kind="gauge",
        ),
        _family(
            "llm_cache_part_state",
            "What the last check found each part to be: ok, degraded, refuses_writes and so on.",
            (({"part": part, "state": state}, 1) for part, state in parts.items()),
            kind="gauge",
        ),
        _family("llm_cache_tokens_total", "Tokens used and saved, by model.", _tokens(tally)),
        _family(
            "llm_cache_dollars_total",
            "Dollars spent and saved at list prices, by model; models without a price are absent.",
            _dollars(tally, prices),
        ),
        *_embedding(tally),
        *_verifier(tally),
        *_samples(tally),
        *_trust(trust),
        _latencies(tally),
    )
    return "".join(f"{line}\n" for family in families for line in family)


def _family(
    name: str, meaning: str, samples: Iterable[_Sample], kind: str = "counter"
) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield _line(name, labels, value)


def _counts(tally: Tally) -> Iterator[Iterator[str]]:
    yield _family(
        "llm_cache_requests_total",
        "Requests by result.",
        (({"result": result}, count) for result, count in tally.results.items()),
    )
    yield _family(
        "llm_cache_not_read_total",
        "Misses for which nothing was looked up, by the client's headers: no part of a hit rate.",
        [({}, tally.not_read)],
    )
    yield _family(
        "llm_cache_failed_requests_total",
        "Requests that ended in an error, by status; 499 where the client had left.",
        (({"status": status}, count) for status, count in tally.failures.items()),
    )
    yield _family(
        "llm_cache_refused_requests_total",
        "Requests that were refused, by status and cause.",
        (({"status": status, "cause": cause}, n) for status, cause, n in _refusals(tally)),
    )
    yield _family(
        "llm_cache_vetoes_total",
        "Near entries that the guard refused, by rule.",
        (({"rule": rule}, count) for rule, count in tally.vetoes.items()),
    )
    yield _family(
        "llm_cache_errors_total",
        "Failures of a tier or of the upstream, by kind.",
        (({"kind": kind}, count) for kind, count in tally.errors.items()),
    )
    yield _family(
        "llm_cache_unproved_forms_total",
        "Answers stored in the one form they came in, by the form that they do not prove.",
        (({"form": form}, count) for form, count in tally.unproved.items()),
    )
    yield _family(
        "llm_cache_breaker_trips_total",
        "How often the breaker of a tier has opened, in all processes.",
        (({"tier": tier}, count) for tier, count in tally.trips.items()),
    )


def _refusals(tally: Tally) -> Iterator[tuple[str, str, int]]:
    for name, count in tally.refusals.items():
        status, _, cause = name.partition(":")
        yield status, cause, count


def _embedding(tally: Tally) -> Iterator[Iterator[str]]:
    yield _family(
        "llm_cache_embedding_calls_total",
        "Calls to an embedder that is paid for.",
        [({}, tally.embeddings.get("calls", 0))],
    )
    yield _family(
        "llm_cache_embedding_tokens_total",
        "Tokens of those calls.",
        [({}, tally.embeddings.get("tokens", 0))],
    )
    yield _family(
        "llm_cache_embedding_dollars_total",
        "Dollars that they have cost at list prices; 0 where the model's is unknown.",
        [({}, to_dollars(tally.embeddings.get("nano_dollars", 0)))],
    )
    yield _family(
        "llm_cache_embedding_unpriced_tokens_total",
        "Those of the tokens whose model has no known price.",
        [({}, tally.embeddings.get("unpriced_tokens", 0))],
    )


def _verifier(tally: Tally) -> Iterator[Iterator[str]]:
    yield _family(
        "llm_cache_verifier_rulings_total",
        "Questions to the verifier, by what it said.",
        (({"ruling": name}, tally.rulings.get(name, 0)) for name in _RULINGS),
    )
    spent = to_dollars(tally.rulings.get("nano_dollars", 0))
    yield _family(
        "llm_cache_verifier_dollars_total",
        "Dollars that the verifier has cost at list prices.",
        [({}, spent)],
    )


def _samples(tally: Tally) -> Iterator[Iterator[str]]:
    yield _family(
        "llm_cache_shadow_samples_total",
        "Semantic hits that were compared with a fresh answer, by how they turned out.",
        (({"outcome": name}, tally.samples.get(name, 0)) for name in _OUTCOMES),
    )
    wrong, right = tally.samples.get("wrong", 0), tally.samples.get("right", 0)
    interval = wilson_interval(wrong, wrong + right)
    bounds = () if interval is None else (("low", interval[0]), ("high", interval[1]))
    yield _family(
        "llm_cache_shadow_wrong_share",
        "The 95 % interval of the share of wrong semantic hits.",
        (({"bound": name}, value) for name, value in bounds),
        kind="gauge",
    )
    yield _family(
        "llm_cache_thresholds_raised_total",
        "How often samples have raised a tenant's threshold.",
        [({}, tally.samples.get("threshold_raised", 0))],
    )


def _trust(trust: Trust) -> Iterator[Iterator[str]]:
    yield _family(
        "llm_cache_raised_threshold",
        "The highest threshold that samples have raised; 0 where none was.",
        [({}, trust.raised_threshold)],
        kind="gauge",
    )
    yield _family(
        "llm_cache_barred_pairs",
        "Pairs of prompts that feedback has barred.",
        [({}, trust.barred_pairs)],
        kind="gauge",
    )


def _tokens(tally: Tally) -> Iterator[_Sample]:
    for name, model in tally.models.items():
        for kind, outcome, count in _token_counts(model):
            yield {"model": name, "kind": kind, "outcome": outcome}, count


def _token_counts(model: ModelTally) -> Iterator[tuple[str, str, int]]:
    yield "prompt", "used", model.prompt_used
    yield "completion", "used", model.completion_used
    yield "prompt", "saved", model.prompt_saved
    yield "completion", "saved", model.completion_saved


def _dollars(tally: Tally, prices: PriceList) -> Iterator[_Sample]:
    for name, model in tally.models.items():
        price = prices.price(name)
        if price is not None:
            yield {"model": name, "outcome": "spent"}, to_dollars(model.spent(price))
            yield {"model": name, "outcome": "saved"}, to_dollars(model.saved(price))


def _latencies(tally: Tally) -> Iterator[str]:
    name = "llm_cache_latency_seconds"
    yield f"# HELP {name} Time to answer, by where the answer came from."
    yield f"# TYPE {name} histogram"
    bounds = (*(f"{bound / 1000:.10g}" for bound in BOUNDS_MS), "+Inf")
    for tier, found in tally.latencies.items():
        for bound, count in zip(bounds, (*found.below_ms(), found.count), strict=True):
            yield _line(f"{name}_bucket", {"tier": tier, "le": bound}, count)
        yield _line(f"{name}_sum", {"tier": tier}, found.sum_us / 1_000_000)
        yield _line(f"{name}_count", {"tier": tier}, found.count)


def _line(name: str, labels: dict[str, str], value: float) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{shown}}} {value!r}" if labels else f"{name} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
