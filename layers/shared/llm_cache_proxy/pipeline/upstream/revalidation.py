"""Renews an answer whose TTL is over, or nearly so: one caller renews, the others get it.

If work may go on after an answer, that caller gets the stored answer as well, and the upstream is
asked behind it; else that caller waits for the upstream.
"""

import logging
from collections.abc import Awaitable
from contextlib import aclosing

from llm_cache_proxy.domain.errors import RequestRefused, UpstreamError
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.decision import AskUpstream, Fallback, Served
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.coordinator import SingleFlight
from llm_cache_proxy.pipeline.tiers.exact import ExactResult

_log = logging.getLogger(__name__)


@record()
class Revalidation:
    """`inline` says that nothing runs after an answer."""

    single_flight: SingleFlight
    inline: bool = False

    async def decide(
        self, found: ExactResult, hit: Answer, state: RequestState
    ) -> Served | AskUpstream:
        """Serve `hit`; this caller renews it first, or behind it, if the lookup gave it a lease."""
        lease = found.lease
        if lease is None or not lease.led:
            return Served(hit)
        if self.inline:
            if hit.outcome.result is Result.STALE:  # it is given only if the upstream fails
                hit.outcome.reason = str(Reason.STALE_IF_ERROR)
            fallback = Fallback(hit, state.counts.result)
            state.counts.undo_result()
            await self.single_flight.lead(found.planned, state, lease)
            return AskUpstream(str(Reason.RENEWED), fallback)
        renewal = state.child(has_client=False)
        await self.single_flight.lead(found.planned, renewal, lease)
        return Served(hit, renewal)


async def read_to_end(coming: Awaitable[Answer], state: RequestState) -> None:
    """Read to its end an answer that no client waits for."""
    try:
        answer = await coming
        if not isinstance(answer.body, bytes):
            async with aclosing(answer.body) as pieces:
                async for _ in pieces:
                    pass
    except (UpstreamError, RequestRefused) as exc:
        _log.info("an entry could not be renewed: %s", type(exc).__name__)
    finally:
        state.abandon_leadership()
