"""What a leader hands to those who wait for an answer that is not kept."""

from collections.abc import Mapping

from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.entries.shared_answer import Failure, SharedAnswer
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.pipeline.request.planned_request import Asked
from llm_cache_proxy.pipeline.request.state import Trail


async def share_failure(trail: Trail, exc: BaseException) -> None:
    """The upstream's failure, to everyone; whoever was only cancelled hands the lease on."""
    if trail.lead is None:
        return
    if isinstance(exc, UpstreamError):
        await trail.lead.share(SharedAnswer(status=exc.status, failure=Failure.of(exc)))
    else:
        trail.lead.abandon()


async def share_body(
    trail: Trail, status: int, headers: Mapping[str, str], content_type: str, body: bytes
) -> None:
    """An answer that is no completion, such as an error, as it came."""
    if trail.lead is not None:
        text = body.decode("utf-8", "replace")
        answer = SharedAnswer(status, content_type, dict(headers), body=text)
        await trail.lead.share(answer)


async def share_completion(
    asked: Asked, trail: Trail, headers: Mapping[str, str], completion: JsonObject, text: str
) -> None:
    """A completion that may not be kept, in every form; as it came where it has but one."""
    if trail.lead is not None:
        dialect = asked.request.dialect
        prompt_tokens, completion_tokens = dialect.token_counts(completion)
        forms = _forms(dialect, completion, text)
        answer = SharedAnswer(
            headers=dict(headers),
            forms=forms,
            body=text if forms is None else "",
            model="other" if trail.usage is None else trail.usage.model,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )
        await trail.lead.share(answer)


def _forms(dialect: Dialect, completion: JsonObject, text: str) -> Forms | None:
    try:
        return dialect.forms(completion, text)
    except (AttributeError, TypeError, ValueError, LookupError):
        return None  # no answer of this endpoint: nobody has looked into it yet
