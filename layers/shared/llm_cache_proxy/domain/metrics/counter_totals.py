"""Counters read back: what the names of `counter_names` and `histogram` add up to.

A counter may stand below zero for a moment, since a correction can be written before what it
corrects; it then reads as zero. Never invents a result that was not counted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from llm_cache_proxy.domain.metrics.counter_names import (
    EXACT_HITS,
    MISSES,
    NOT_READ,
    RESULTS,
    SEMANTIC_HITS,
)
from llm_cache_proxy.domain.metrics.counter_names import LATENCY_PREFIX as LATENCY
from llm_cache_proxy.domain.metrics.histogram import Histogram, histogram
from llm_cache_proxy.domain.metrics.pricing import Price

_MODEL = "model:"
_ERROR = "error:"
_FAILURE = "failure:"
_REFUSAL = "refusal:"
_VETO = "veto:"
_VERIFIER = "verifier:"
_SHADOW = "shadow:"
_EMBEDDING = "embedding:"
_TRIP = "trip:"
_UNPROVED = "unproved:"


@dataclass(frozen=True, slots=True)
class ModelTally:
    """What was counted under one model's name; tokens apart by prompt and completion.

    `upstream_answers` are what the upstream gave, bypasses among them, errors not.
    """

    hits: int
    upstream_answers: int
    prompt_used: int
    completion_used: int
    prompt_saved: int
    completion_saved: int

    def spent(self, price: Price) -> int:
        """Nano-dollars that the upstream's answers cost."""
        return price.cost(self.prompt_used, self.completion_used)

    def saved(self, price: Price) -> int:
        """Nano-dollars that the hits would have cost."""
        return price.cost(self.prompt_saved, self.completion_saved)


@dataclass(frozen=True, slots=True)
class Tally:
    """Counters by kind; every mapping is sorted by name.

    `not_read` of the misses were not looked up.
    `failures` are failed requests by status, `refusals` refused ones by `<status>:<cause>`;
    `errors` are what failed on the way, by kind, also where the request was answered.
    `rulings` are the verifier's, `samples` those of semantic hits; `unproved` are
    answers stored in the one form they came in, by the form that they lack; `embeddings` are calls
    that an embedder is paid for, with their tokens and nano-dollars.
    """

    results: Mapping[str, int]
    not_read: int
    failures: Mapping[str, int]
    refusals: Mapping[str, int]
    vetoes: Mapping[str, int]
    errors: Mapping[str, int]
    trips: Mapping[str, int]
    models: Mapping[str, ModelTally]
    latencies: Mapping[str, Histogram]
    rulings: Mapping[str, int]
    samples: Mapping[str, int]
    unproved: Mapping[str, int]
    embeddings: Mapping[str, int]

    @property
    def total_requests(self) -> int:
        """Every request with a result."""
        return sum(self.results.values())

    @property
    def hit_rate(self) -> float:
        """Hits among those that could have been hits, from 0 to 1; 0 where there were none.

        What was refused, failed, passed by the cache or not looked up could not have been one.
        """
        hits = self.results[EXACT_HITS] + self.results[SEMANTIC_HITS]
        return hits / self.could_have_hit if self.could_have_hit else 0.0

    @property
    def could_have_hit(self) -> int:
        """Hits, and the misses that were looked up."""
        hits = self.results[EXACT_HITS] + self.results[SEMANTIC_HITS]
        return hits + max(0, self.results[MISSES] - self.not_read)


def tally(counts: Mapping[str, int]) -> Tally:
    """The counters in `counts`; names that mean nothing here are left out."""
    return Tally(
        results={name: _at_least_zero(counts, name) for name in RESULTS},
        not_read=_at_least_zero(counts, NOT_READ),
        failures=_named(counts, _FAILURE),
        refusals=_named(counts, _REFUSAL),
        vetoes=_named(counts, _VETO),
        errors=_named(counts, _ERROR),
        rulings=_named(counts, _VERIFIER),
        samples=_named(counts, _SHADOW),
        trips=_named(counts, _TRIP),
        unproved=_named(counts, _UNPROVED),
        embeddings=_named(counts, _EMBEDDING),
        models={
            model: _model_tally(parts) for model, parts in sorted(_grouped(counts, _MODEL).items())
        },
        latencies={
            tier: histogram(parts) for tier, parts in sorted(_grouped(counts, LATENCY).items())
        },
    )


def summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of several sets of counters."""
    total: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total


def _model_tally(parts: Mapping[str, int]) -> ModelTally:
    return ModelTally(
        hits=_at_least_zero(parts, "hits"),
        upstream_answers=_at_least_zero(parts, "misses"),
        prompt_used=_at_least_zero(parts, "prompt_used"),
        completion_used=_at_least_zero(parts, "completion_used"),
        prompt_saved=_at_least_zero(parts, "prompt_saved"),
        completion_saved=_at_least_zero(parts, "completion_saved"),
    )


def _named(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    found = {
        name.removeprefix(prefix): max(0, amount)
        for name, amount in counts.items()
        if name.startswith(prefix)
    }
    return dict(sorted(found.items()))


def _grouped(counts: Mapping[str, int], prefix: str) -> dict[str, dict[str, int]]:
    """Counters `<prefix><group>:<part>` by group; a group's name may hold colons itself."""
    groups: dict[str, dict[str, int]] = {}
    for name, amount in counts.items():
        group, separator, part = name.removeprefix(prefix).rpartition(":")
        if name.startswith(prefix) and separator:
            groups.setdefault(group, {})[part] = amount
    return groups


def _at_least_zero(counts: Mapping[str, int], name: str) -> int:
    return max(0, counts.get(name, 0))
