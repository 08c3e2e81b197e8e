"""One event for each request, written to every sink when its answer ends.

Decides which facts an event holds. A prompt is among them only where recent decisions show prompts.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from llm_cache_proxy.domain.metrics.counter_names import ERROR, RESULTS
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import Outcome
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.request_sink import RequestSink

CLIENT_LEFT_STATUS = 499
"""The status, as nginx and others log it, of a request whose client left before its answer."""

_VETO, _ERROR, _SHADOW = "veto:", "error:", "shadow:"


@dataclass(slots=True)
class RequestEventDraft:
    """The facts of a request so far; its handler fills them in."""

    request_id: str
    correlation_id: str | None = None
    method: str | None = None
    path: str | None = None
    tenant: str | None = None
    key: str | None = None
    model: str | None = None
    outcome: Outcome | None = None
    state: RequestState | None = None
    trace_id: str | None = None
    begun: float = field(default_factory=time.time)


@record()
class RequestEvents:
    """Writes to `sinks`, with dollars at `prices`; `console` also gets what no tier saw."""

    prices: PriceList
    sinks: Sequence[RequestSink] = ()
    console: RequestSink | None = None

    def write(
        self, draft: RequestEventDraft, *, status: int, latency_ms: float, duration_ms: float
    ) -> None:
        """Write the event of one request, at the end of its answer."""
        state = RequestState() if draft.state is None else draft.state
        state.has_client = False  # later counts are no result of this request
        outcome = _outcome(draft, state, status)
        if outcome is None:
            self._write_refused(draft, status, latency_ms, duration_ms)
            return
        if not self.sinks and self.console is None:
            return
        usage = outcome.usage or state.facts.usage
        counts = state.counts.all() if state.counts.pending or state.counts.written else {}
        served = RequestEvent(
            time=draft.begun,
            request_id=draft.request_id,
            correlation_id=draft.correlation_id,
            method=draft.method,
            path=draft.path,
            tenant=draft.tenant,
            key=draft.key,
            model=draft.model,
            status=status,
            result=str(outcome.result),
            reason=outcome.reason,
            entry=outcome.entry_id,
            similarity=outcome.similarity,
            nearest=state.facts.nearest if outcome.entry_id is None else None,
            usage=usage,
            prompt=state.facts.prompt,
            latency_ms=latency_ms,
            duration_ms=duration_ms,
            timings=outcome.timings,
            vetoes=_named(counts, _VETO),
            failures=_named(counts, _ERROR),
            samples=_named(counts, _SHADOW),
            counted={name: n for name in RESULTS if (n := state.counts.result.get(name, 0))},
            nano_dollars=None
            if usage is None
            else self.prices.known_cost(usage.model, usage.prompt_tokens, usage.completion_tokens),
        )
        for sink in self.sinks:
            sink.write(served)
        if self.console is not None:
            self.console.write(served)

    def close(self) -> None:
        """Close every sink; may be called again."""
        for sink in self.sinks:
            sink.close()
        if self.console is not None:
            self.console.close()

    def _write_refused(
        self, draft: RequestEventDraft, status: int, latency_ms: float, duration_ms: float
    ) -> None:
        if self.console is not None:
            served = RequestEvent(
                time=draft.begun,
                request_id=draft.request_id,
                correlation_id=draft.correlation_id,
                method=draft.method,
                path=draft.path,
                tenant=draft.tenant,
                model=draft.model,
                status=status,
                result="",
                reason="",
                latency_ms=latency_ms,
                duration_ms=duration_ms,
            )
            self.console.write(served)


def _outcome(draft: RequestEventDraft, state: RequestState, status: int) -> Outcome | None:
    """The outcome of the request; None if the cache had no part in it.

    A stream may fail after its headers have named another result.
    """
    outcome = draft.outcome
    if outcome is None:
        left = Outcome(Result.ERROR, str(Reason.CLIENT_LEFT), timings=state.timings)
        return left if status == CLIENT_LEFT_STATUS else None
    if ERROR in state.counts.result and outcome.result is not Result.ERROR:
        return replace(outcome, result=Result.ERROR, reason=str(Reason.UPSTREAM_ERROR))
    return outcome


def _named(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    if not counts:
        return {}
    return {
        name.removeprefix(prefix): amount
        for name, amount in counts.items()
        if name.startswith(prefix)
    }
