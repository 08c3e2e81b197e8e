"""What is answered about recent requests; times are Unix seconds."""

from llm_cache_proxy.api.v1.schemas import Answer


class RequestLine(Answer):
    """One line of the request log; what is unknown is left out."""

    time: float
    request_id: str
    correlation_id: str | None = None
    tenant: str | None = None
    key: str | None = None
    model: str | None = None
    status: int
    result: str
    reason: str
    similarity: float | None = None
    nearest: str | None = None
    vetoes: dict[str, int] | None = None
    failures: dict[str, int] | None = None
    entry: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    dollars_spent: float | None = None
    dollars_saved: float | None = None
    latency_ms: float
    duration_ms: float
    prompt: str | None = None


class RequestFigures(Answer):
    """What the chosen requests add up to; `not_read` of them were misses not looked up."""

    requests: int
    results: dict[str, int]
    not_read: int
    hit_rate: float | None
    tokens_saved: int
    tokens_used: int
    dollars_saved: float
    dollars_spent: float


class RequestPage(Answer):
    """Some requests, newest first, and the cursor of the next page while there is one.

    `models` and `keys` are those that kept requests name, `meanings` says each reason on the page
    in a sentence, and `kept_since` is the oldest kept request's time.
    """

    requests: list[RequestLine]
    cursor: str | None
    figures: RequestFigures
    models: list[str]
    keys: list[str]
    meanings: dict[str, str]
    kept_since: float | None
