"""The pipeline's output: an answer, and where it came from."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from llm_cache_proxy.domain.client_keys.limits import Grant
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.requests.reasons import Reason, Result


@dataclass(slots=True)
class Outcome:
    """Where an answer came from, for the response's headers and the request log.

    `timings` are milliseconds by step. `age_seconds`, `ttl_seconds` (what is left) and `entry_id`
    are None where no entry is involved; `similarity` where meaning was not compared; what a hit
    saved, in tokens and nano-dollars, where the entry does not say; `grant` where no client key
    was checked; `usage` where the tokens are known only when the answer has ended. `items` says of
    a batch how many of its inputs the upstream was not asked for, and how many there are.
    """

    result: Result
    reason: str
    similarity: float | None = None
    age_seconds: int | None = None
    ttl_seconds: int | None = None
    entry_id: str | None = None
    saved_tokens: int | None = None
    saved_nano_dollars: int | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    usage: Usage | None = None
    grant: Grant | None = None
    items: tuple[int, int] | None = None


@dataclass(slots=True)
class Answer:
    """An answer to send: a whole body, or pieces of one that must be closed if not read out."""

    status: int
    content_type: str
    body: bytes | AsyncGenerator[bytes]
    outcome: Outcome
    headers: Mapping[str, str] = field(default_factory=dict)


def mark_error(answer: Answer) -> None:
    """Report an answer whose status is an error as one."""
    answer.outcome.result = Result.ERROR
    answer.outcome.reason = str(Reason.UPSTREAM_ERROR)


JSON_TYPE = "application/json"
SSE_TYPE = "text/event-stream; charset=utf-8"
