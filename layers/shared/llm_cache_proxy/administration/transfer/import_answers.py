"""A past request and its answer, kept as if the upstream had given it just then.

The pipeline's own rules decide whether it may be kept, under which key and for how long. Nothing
is asked of the upstream, and nothing is counted.
"""

from dataclasses import dataclass, replace
from typing import Literal

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import DEFAULT_TENANT
from llm_cache_proxy.administration.dry_run.read_only_stores import UncountedExactStore
from llm_cache_proxy.administration.dry_run.synthetic_request import synthetic_request
from llm_cache_proxy.domain.dialects.registry import CHAT, DIALECTS
from llm_cache_proxy.domain.dialects.streams.proving import forms_of_json
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.errors import (
    EmbedderUnavailable,
    ExactStoreUnavailable,
    InvalidRequest,
)
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.pipeline.composition import Pipeline, compose
from llm_cache_proxy.pipeline.request.planned_request import (
    ClientRequest,
    PlannedRequest,
    plan_request,
)
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.clock import Clock

_LATEST = 10**11

Stored = Literal["imported", "held", "expired", "without_vector"]


@dataclass(frozen=True, slots=True)
class AnswerImport:
    """Keeps past answers in the stores of `pipeline`."""

    pipeline: Pipeline
    clock: Clock

    async def store(self, fields: Fields) -> Stored:
        """What became of `{"request", "response"}`.

        `tenant`, `path` (`/chat/completions`), `headers` (as a client's) and `created_at` may be
        given as well; the answer's TTL is counted from `created_at`. Raises RequestRefused where
        it may not be kept, and CacheTierError where it cannot be now.
        """
        request, response, created_at = _read(fields)
        routes = self.pipeline.ports.upstream.routes(request.model, request.dialect.path)
        planned = plan_request(request, self.pipeline.policy, routes)
        if not planned.plan.write or planned.plan.bypass is not None:
            raise InvalidRequest("such a request's answer is not kept")
        if not request.dialect.is_whole(response):
            raise InvalidRequest("'response' is not a whole answer to 'request'")
        at = self.clock.now() if created_at is None else float(created_at)
        if at + planned.plan.ttl_seconds <= self.clock.now():
            return "expired"
        return await self._kept(planned, response, at)

    async def _kept(self, planned: PlannedRequest, response: JsonObject, at: float) -> Stored:
        state, ports = RequestState(), self.pipeline.ports
        uncounted = replace(ports, exact=UncountedExactStore(ports.exact))
        silent = compose(uncounted, self.pipeline.policy, self.pipeline.options)
        planned = replace(
            planned, plan=replace(planned.plan, stale_seconds=0)
        )  # what has expired may go
        found = await silent.exact.find(planned, state)
        if found.answer is not None:
            return "held"
        planned, fresh = found.planned, state.child()
        if planned.plan.no_semantic is None:
            # Before anything is kept: a line that was kept without its vector would be `held` when
            # it is imported again.
            await silent.semantic.vector(planned, fresh)
            if any(name.startswith("error:") for name in fresh.counts.pending):
                raise EmbedderUnavailable("the embedder did not answer; import again")
        text = compact_text(response)
        forms = forms_of_json(planned.request.dialect, response, text) or Forms(text, "", "")
        model = self.pipeline.options.models.name(planned.identity.model)
        usage = Usage(model, *planned.request.dialect.token_counts(response), saved=False)
        stored = await silent.entry_writer.store(planned, fresh, usage, forms, created_at=at)
        if stored is None:
            raise ExactStoreUnavailable("the answer could not be kept")
        return "without_vector" if stored.without_vector else "imported"


def _read(fields: Fields) -> tuple[ClientRequest, JsonObject, int | None]:
    body, response = fields.object("request"), fields.object("response")
    tenant = fields.text("tenant") or DEFAULT_TENANT
    path = fields.text("path") or CHAT.path
    headers = {name.lower(): str(value) for name, value in (fields.object("headers") or {}).items()}
    created_at = fields.integer("created_at", least=0, most=_LATEST)
    fields.end()
    if body is None or response is None:
        raise InvalidRequest("'request' and 'response' must both be objects")
    if path not in DIALECTS:
        raise InvalidRequest(f"'path' must be one of {', '.join(DIALECTS)}", param="path")
    return synthetic_request(tenant, headers, body, DIALECTS[path]), response, created_at
