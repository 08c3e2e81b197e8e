"""Why a request would or would not be answered from the cache, found by asking as it would.

The decisions are the pipeline's own: the same tiers, over stores that keep no trace. Never calls
the upstream, and shows a stored prompt only on request.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import DEFAULT_TENANT
from llm_cache_proxy.administration.dry_run.read_only_stores import (
    ReadOnlyExactStore,
    RecordingVectorStore,
)
from llm_cache_proxy.administration.dry_run.synthetic_request import synthetic_request
from llm_cache_proxy.administration.learning import cell_view, learning_view
from llm_cache_proxy.domain.dialects.registry import CHAT
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.promise import cell_of, group_of
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.checks.learned import Learned
from llm_cache_proxy.pipeline.composition import Pipeline, compose
from llm_cache_proxy.pipeline.request.answer import Answer, Outcome
from llm_cache_proxy.pipeline.request.decision import Served
from llm_cache_proxy.pipeline.request.planned_request import (
    ClientRequest,
    PlannedRequest,
    plan_request,
)
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.vector_store import Candidate


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explains chat completions as `pipeline` would answer them.

    An entry that only the semantic tier still holds is reported as cleared, although a real request
    would try to put it back.
    """

    pipeline: Pipeline

    async def explain(self, fields: Fields) -> JsonObject:
        """What would become of the request that `fields` describe.

        Raises InvalidRequest where they describe none, NotFound where no upstream serves the model.
        """
        request, with_texts = _request(fields)
        routes = self.pipeline.ports.upstream.routes(request.model, request.dialect.path)
        planned = plan_request(request, self.pipeline.policy, routes)
        vectors = RecordingVectorStore(self.pipeline.ports.vectors)
        state = RequestState()
        learned = await self._learned(planned, state)
        hit, planned = await self._found(planned, state, vectors, learned)
        return {
            **_outcome(planned, state, hit),
            **({} if learned is None else {"learning": await _part_view(learned, planned)}),
            "key": _key_parts(planned),
            "plan": _plan(planned),
            "candidates": [
                self._judged(planned, candidate, learned, with_text=with_texts)
                for candidate in vectors.near
            ],
            "timings_ms": {step: round(spent, 3) for step, spent in state.timings.items()},
        }

    async def _found(
        self,
        planned: PlannedRequest,
        state: RequestState,
        vectors: RecordingVectorStore,
        learned: Learned | None,
    ) -> tuple[Answer | None, PlannedRequest]:
        if planned.plan.bypass is not None or not planned.plan.read:
            return None, planned
        serving = self.pipeline
        dry_run = compose(
            replace(serving.ports, exact=ReadOnlyExactStore(serving.ports.exact), vectors=vectors),
            serving.policy,
            replace(serving.options, shadow=None, asks_verifier=False, chance=lambda: 1.0),
        )
        if dry_run.learning is not None and learned is not None:
            dry_run.learning.take_up(planned.identity.tenant, learned)
        found = await dry_run.exact.find(planned, state)
        if found.answer is not None:
            return found.answer, found.planned
        if (unfit := found.planned.plan.no_semantic) is not None:
            state.facts.because(unfit)
            return None, found.planned
        decision = await dry_run.semantic.find(found.planned, state)
        hit = decision.answer if isinstance(decision, Served) else None
        return hit, found.planned

    def _judged(
        self,
        planned: PlannedRequest,
        candidate: Candidate,
        learned: Learned | None,
        *,
        with_text: bool,
    ) -> JsonObject:
        verdict, traits = self.pipeline.options.guard.compare_closely(planned.text, candidate.text)
        judged: JsonObject = {
            "entry": candidate.entry_id,
            "similarity": round(candidate.similarity, 4),
            "above_threshold": candidate.similarity >= planned.plan.threshold,
            "verdict": "accepted" if verdict.accepted else "veto",
            "rule": verdict.rule,
            "detail": verdict.detail,
            "expires_at": candidate.expires_at,
        }
        if learned is not None:
            cell = cell_of(candidate.similarity, verdict.rule, traits)
            judged["cell"] = cell_view(learned, _group(planned), cell)
        return judged | ({"text": candidate.text} if with_text else {})

    async def _learned(self, planned: PlannedRequest, state: RequestState) -> Learned | None:
        learning = self.pipeline.learning
        if learning is None:
            return None
        return await learning.read(planned.identity.tenant, state)


def _group(planned: PlannedRequest) -> int:
    return group_of(planned.fingerprint())


async def _part_view(learned: Learned, planned: PlannedRequest) -> JsonObject:
    """What the tenant's labels say of candidates that have the request's fingerprint."""
    part = learned.part(_group(planned))
    return {"group": part.group, **await asyncio.to_thread(learning_view, learned, part)}


def _request(fields: Fields) -> tuple[ClientRequest, bool]:
    body = _body(fields)
    tenant = fields.text("tenant") or DEFAULT_TENANT
    headers = _headers(fields.object("headers") or {})
    with_texts = fields.flag("texts") or False
    fields.end()
    return synthetic_request(tenant, headers, body, CHAT), with_texts


def _body(fields: Fields) -> JsonObject:
    """The chat completion's body: `request` as it is, or one made of `prompt` and `model`."""
    body = fields.object("request")
    prompt, model, system = fields.text("prompt"), fields.text("model"), fields.text("system")
    if body is not None:
        if (prompt, model, system) != (None, None, None):
            raise InvalidRequest("Give 'request', or 'prompt' and 'model', not both.")
        return body
    if prompt is None or model is None:
        raise InvalidRequest(
            "Give 'prompt' and 'model', or a whole chat completion under 'request'.",
            param="prompt" if prompt is None else "model",
        )
    before: list[object] = [] if system is None else [{"role": "system", "content": system}]
    return {"model": model, "messages": [*before, {"role": "user", "content": prompt}]}


def _headers(given: Mapping[str, object]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in given.items()}


def _outcome(planned: PlannedRequest, state: RequestState, hit: Answer | None) -> JsonObject:
    if hit is not None:
        return _report(hit.outcome)
    if planned.plan.bypass is not None:
        return _report(Outcome(Result.BYPASS, str(planned.plan.bypass)))
    if planned.plan.no_read is not None:
        return _report(Outcome(Result.MISS, str(planned.plan.no_read)))
    return _report(Outcome(Result.MISS, state.facts.text, similarity=state.facts.similarity))


def _report(outcome: Outcome) -> JsonObject:
    return {
        "result": outcome.result.value,
        "reason": outcome.reason,
        "similarity": outcome.similarity,
        "entry": outcome.entry_id,
        "age_seconds": outcome.age_seconds,
        "ttl_seconds": outcome.ttl_seconds,
    }


def _key_parts(planned: PlannedRequest) -> JsonObject:
    identity = planned.identity
    return {
        "tenant": identity.tenant,
        "namespace": identity.namespace,
        "path": identity.path,
        "upstream": identity.upstream,
        "model": identity.model,
        "exact_key": planned.key,
        "fingerprint": planned.fingerprint(),
        "text_digest": planned.text_digest,
    }


def _plan(planned: PlannedRequest) -> JsonObject:
    plan = planned.plan
    whys: Sequence[tuple[str, object]] = (
        ("bypass", plan.bypass),
        ("no_read", plan.no_read),
        ("no_semantic", plan.no_semantic),
    )
    return {
        "reads": plan.read,
        "writes": plan.write,
        "threshold": plan.threshold,
        "ttl_seconds": plan.ttl_seconds,
        **{name: None if why is None else str(why) for name, why in whys},
    }
