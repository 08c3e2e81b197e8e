"""What a request that waited makes of what its leader left: a kept answer, or a shared one."""

from llm_cache_proxy.domain.entries.entry import Entry, Form
from llm_cache_proxy.domain.entries.shared_answer import Landing, SharedAnswer, shared_answer
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.exchange import JSON_TYPE, SSE_TYPE, Answer, Outcome
from llm_cache_proxy.pipeline.request.planned_request import Asked
from llm_cache_proxy.pipeline.request.state import Trail
from llm_cache_proxy.pipeline.tiers.hit_answer import HitServing
from llm_cache_proxy.ports.exact_store import Hit
from llm_cache_proxy.ports.lease_store import FoundByMeaning, Lease, Mail, NoLease


def landing_in(
    found: Entry | Mail | FoundByMeaning | NoLease | Lease,
) -> Landing | FoundByMeaning | NoLease | Lease:
    """What a look at the store found; no lease where the mailbox holds what nobody can read."""
    if not isinstance(found, Mail):
        return found
    try:
        return shared_answer(found.text)
    except ValueError:
        return NoLease()


def kept_answer(hits: HitServing, asked: Asked, trail: Trail, entry: Entry) -> Answer:
    """The answer that was kept, as a hit that is as fresh as can be."""
    hit = Hit(
        body=entry.forms.body(asked.form),
        entry_id=entry.entry_id,
        created_at=entry.created_at,
        expires_at=entry.expires_at,
        now=entry.created_at,
        model=entry.model,
        prompt_tokens=entry.prompt_tokens,
        completion_tokens=entry.completion_tokens,
        text=None,
        sequence=trail.sequence,
    )
    return hits.answer(asked, trail, hit, Result.COALESCED, Reason.COALESCED)


def shared_reply(asked: Asked, trail: Trail, answer: SharedAnswer) -> Answer:
    """The answer that was not kept, in the form that was asked for."""
    as_events = answer.forms is not None and asked.form is not Form.JSON
    text = answer.told(asked.form) + (asked.request.dialect.terminator if as_events else "")
    kind = SSE_TYPE if as_events else answer.content_type
    tokens = (answer.prompt_tokens, answer.completion_tokens)
    trail.usage = Usage(answer.model, *tokens, saved=True)
    return Answer(
        status=answer.status,
        content_type=JSON_TYPE if answer.forms is not None and not as_events else kind,
        body=text.encode("utf-8", "replace"),
        outcome=Outcome(
            Result.COALESCED, str(Reason.COALESCED), timings=trail.timings, trail=trail
        ),
        headers=answer.headers,
    )
