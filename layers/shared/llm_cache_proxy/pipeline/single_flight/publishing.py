"""What a leader publishes for its followers: a failure, or an answer that is not stored.

Without a leadership there is nobody to publish for, and each function does nothing.
"""

import json
from collections.abc import Mapping

from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.entries.shared_answer import Failure, SharedAnswer
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState


async def publish_failure(state: RequestState, exc: BaseException) -> None:
    """Publish an upstream failure; on cancellation release the lease, so a follower takes over."""
    if state.leadership is None:
        return
    if isinstance(exc, UpstreamError):
        await state.leadership.share(SharedAnswer(status=exc.status, failure=Failure.of(exc)))
    else:
        state.leadership.abandon()


async def publish_body(
    state: RequestState, status: int, headers: Mapping[str, str], content_type: str, body: bytes
) -> None:
    """Publish an answer that is no completion, such as an error, as it came."""
    if state.leadership is not None:
        text = body.decode("utf-8", "replace")
        answer = SharedAnswer(status, content_type, dict(headers), body=text)
        await state.leadership.share(answer)


async def publish_completion(
    planned: PlannedRequest,
    state: RequestState,
    headers: Mapping[str, str],
    completion: JsonObject,
    forms: Forms,
) -> None:
    """Publish a completion that may not be stored, in its proved forms."""
    if state.leadership is not None:
        prompt_tokens, completion_tokens = planned.request.dialect.token_counts(completion)
        answer = SharedAnswer(
            headers=dict(headers),
            forms=forms,
            model="other" if state.facts.usage is None else state.facts.usage.model,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )
        await state.leadership.share(answer)


async def publish_stream(state: RequestState, sent: str, error: JsonObject | None) -> None:
    """Publish a stream that is no whole answer: as it came, or its error to JSON followers.

    Without an error, a follower that wants JSON finds its own answer.
    """
    if state.leadership is not None:
        answer = SharedAnswer(stream=sent)
        if error is not None:
            body = json.dumps({"error": error}, ensure_ascii=False)
            answer = SharedAnswer(_error_status(error), stream=sent, body=body)
        await state.leadership.share(answer)


def _error_status(error: JsonObject) -> int:
    """The status that an error in a stream names, or that of a failed upstream."""
    named = (error.get(name) for name in ("status", "status_code", "code"))
    known = (each for each in named if isinstance(each, int) and 400 <= each < 600)  # noqa: PLR2004
    return next(known, 502)
