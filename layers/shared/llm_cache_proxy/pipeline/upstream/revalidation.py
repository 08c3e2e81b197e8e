"""An answer whose life is over, or nearly so, is renewed by one caller while the others get it.

Where work may go on after an answer, that caller has the stored one as well and the upstream is
asked behind it; where everything stops then, that caller waits for the upstream's.
"""

import logging
from contextlib import aclosing
from dataclasses import dataclass, replace

from llm_cache_proxy.domain.errors import RequestRefused, UpstreamError
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.coordinator import GoOn, SingleFlight
from llm_cache_proxy.pipeline.support.background import Background

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Revalidation:
    """`inline` says that nothing runs after an answer."""

    single_flight: SingleFlight
    background: Background
    inline: bool = False

    async def begin(
        self, planned: PlannedRequest, state: RequestState, hit: Answer, ask: GoOn
    ) -> Answer | None:
        """`hit`, or None where the caller is to ask the upstream and to fall back on `hit`."""
        lease = state.lease
        if lease is None or not lease.led:
            return hit
        if self.inline:
            hit.outcome.state = replace(state)
            if hit.outcome.result is Result.STALE:  # it is given only if the upstream fails
                hit.outcome.reason = str(Reason.STALE_IF_ERROR)
            state.fallback, state.fallback_counts = hit, state.counted
            state.uncount()
            state.because(Reason.RENEWED)
            await self.single_flight.lead(planned, state, lease)
            return None
        apart = RequestState(sequence=state.sequence, grant=state.grant, without_client=True)
        await self.single_flight.lead(planned, apart, lease)
        if not self.background.start(lambda: _renew(planned, apart, ask)):
            apart.abandon_leadership()
        return hit


async def _renew(planned: PlannedRequest, state: RequestState, ask: GoOn) -> None:
    """Ask the upstream for an answer that nobody waits for, and see it to its end."""
    try:
        answer = await ask(planned, state)
        if not isinstance(answer.body, bytes):
            async with aclosing(answer.body) as pieces:
                async for _ in pieces:
                    pass
    except (UpstreamError, RequestRefused) as exc:
        _log.info("an entry could not be renewed: %s", type(exc).__name__)
    finally:
        state.abandon_leadership()
