"""The JSON of `/metrics`, of the dashboard's data and of `stats`; times are Unix seconds."""

from typing import Any, Literal

from llm_cache_proxy.api.operators.schemas.answers import EntryCounts, StoreHealthAnswer
from llm_cache_proxy.api.v1.schemas import Answer


class CachePerformance(Answer):
    """Requests by result; `not_read` of the misses were not looked up, by the client's headers.

    The hit rate, 0 to 1, is of hits and the other misses.
    """

    exact_hits: int
    semantic_hits: int
    misses: int
    bypasses: int
    stale: int
    coalesced: int
    error: int
    refused: int
    total_requests: int
    not_read: int
    hit_rate: float
    failures: dict[str, int]
    refusals: dict[str, int]
    vetoes: dict[str, int]
    errors: dict[str, int]


class TokenUsage(Answer):
    """Tokens over all models."""

    prompt_tokens_used: int
    completion_tokens_used: int
    total_tokens_used: int
    prompt_tokens_saved: int
    completion_tokens_saved: int
    total_tokens_saved: int


class ModelCost(Answer):
    """One model's tokens and dollars; dollars are null where its price is unknown."""

    hits: int
    upstream_answers: int
    prompt_tokens_used: int
    completion_tokens_used: int
    prompt_tokens_saved: int
    completion_tokens_saved: int
    dollars_spent: float | None
    dollars_saved: float | None
    price_known: bool


class CostAnalysis(Answer):
    """Dollars at today's prices over the models whose price is known."""

    currency: Literal["USD"]
    dollars_spent: float
    dollars_saved: float
    by_model: dict[str, ModelCost]
    unpriced_models: list[str]


class Latency(Answer):
    """Milliseconds of one result."""

    count: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float


class ShadowSamples(Answer):
    """Semantic hits that were compared with a fresh answer."""

    samples: int
    wrong: int
    failed: int
    wrong_share: float | None
    wrong_share_ci: list[float] | None
    thresholds_raised: int


class VerifierRulings(Answer):
    """What the verifier decided, and what that cost."""

    approved: int
    refused: int
    failed: int
    dollars_spent: float


class SemanticAccuracy(Answer):
    """How semantic hits turned out."""

    shadow: ShadowSamples
    verifier: VerifierRulings


class EmbeddingCost(Answer):
    """Calls that an embedder was paid for; the dollars are those of the priced tokens alone."""

    calls: int
    tokens: int
    dollars_spent: float
    unpriced_tokens: int


class Figures(Answer):
    """Everything that was counted over some time."""

    cache_performance: CachePerformance
    token_usage: TokenUsage
    cost_analysis: CostAnalysis
    latency: dict[str, Latency]
    semantic_accuracy: SemanticAccuracy
    embedding: EmbeddingCost


class Breaker(Answer):
    """How often a breaker has opened, and how it stands in this process."""

    trips: int
    state: Literal["open", "closed"] | None


class TenantFigures(Answer):
    """One tenant's totals."""

    total_requests: int
    hit_rate: float
    total_tokens_used: int
    total_tokens_saved: int
    dollars_spent: float
    dollars_saved: float
    raised_threshold: float | None
    barred_pairs: int


class Metrics(Figures):
    """All time at the top, then by span of time and by tenant."""

    generated_at: int
    breakers: dict[str, Breaker]
    windows: dict[Literal["last_hour", "last_day", "last_30_days", "total"], Figures]
    tenants: dict[str, TenantFigures]
    tenants_not_shown: int


class Stats(Metrics):
    """The same, and how many entries there are."""

    entries: EntryCounts


class SeriesPiece(Answer):
    """Requests of one step of time."""

    start: int
    exact_hits: int
    semantic_hits: int
    misses: int
    failed: int
    others: int
    hit_rate: float | None


class SimilarityBand(Answer):
    """Requests whose nearest prompt was at least as similar as `low`, by what became of them."""

    low: float
    served: int
    vetoed: int
    not_served: int


class DashboardData(Answer):
    """What the dashboard draws; `window` is the sum of `series`.

    `threshold` is the least similarity of a semantic hit, null where there are none; `learns` says
    whether labels move it. `counted` is how many requests there were in this time. Of a model or
    key, `series`, `window`, `similarities` and `recent` are of the `kept` ones; else that is null.
    """

    generated_at: int
    range: Literal["hour", "day", "week", "month", "custom"]
    start: int
    end: int
    step_seconds: int
    similarities: list[SimilarityBand]
    threshold: float | None
    learns: bool
    kept: int | None
    counted: int
    tenant_names: list[str]
    breakers: dict[str, Breaker]
    series: list[SeriesPiece]
    window: Figures
    total: Figures
    tenants: dict[str, TenantFigures]
    tenants_not_shown: int
    health: StoreHealthAnswer
    entries: EntryCounts
    recent: list[dict[str, Any]]
