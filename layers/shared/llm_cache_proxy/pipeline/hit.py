"""A stored answer as it is sent: the bytes as they were stored, and where they came from."""

from llm_cache_proxy.domain.entry import Form
from llm_cache_proxy.domain.pairs import EntryHandle
from llm_cache_proxy.domain.reasons import Reason, Result
from llm_cache_proxy.domain.served import Usage
from llm_cache_proxy.pipeline.asked import Asked
from llm_cache_proxy.pipeline.exchange import JSON_TYPE, SSE_TYPE, Answer, Outcome
from llm_cache_proxy.pipeline.trail import Trail
from llm_cache_proxy.ports.exact_store import Hit


def hit_answer(
    asked: Asked,
    trail: Trail,
    hit: Hit,
    result: Result,
    reason: Reason,
    *,
    pair: str | None = None,
) -> Answer:
    """The answer that a hit gives; `pair` names both texts where they differ, for feedback."""
    whole = asked.form is Form.JSON
    body = hit.body if whole else hit.body + asked.request.dialect.terminator
    trail.usage = Usage(hit.model, hit.prompt_tokens, hit.completion_tokens, saved=True)
    return Answer(
        status=200,
        content_type=JSON_TYPE if whole else SSE_TYPE,
        body=body.encode("utf-8"),
        outcome=Outcome(
            result=result,
            reason=str(reason),
            similarity=trail.similarity,
            age_seconds=max(0, hit.now - hit.created_at),
            ttl_seconds=max(0, hit.expires_at - hit.now),
            entry_id=str(EntryHandle(hit.entry_id, pair)),
            timings=trail.timings,
            trail=trail,
        ),
    )
