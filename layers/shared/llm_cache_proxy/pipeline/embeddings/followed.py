"""Waits for items that another process asks the upstream for, by looking them up again.

Every wait has an end: a lease whose item is never stored lapses, and the next look takes it.
"""

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import field

from llm_cache_proxy.domain.embeddings.batch import Encoding
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Reason
from llm_cache_proxy.pipeline.embeddings.gathered import Gathered
from llm_cache_proxy.pipeline.embeddings.item_tier import ItemTier
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.waiting import UpstreamPace, pauses


@record()
class FollowedItems:
    """Waits as single flight does; `pace` learns how long upstreams take."""

    tier: ItemTier
    pace: UpstreamPace = field(default_factory=UpstreamPace)

    async def wait(
        self, gathered: Gathered, keys: Iterable[str], encoding: Encoding, state: RequestState
    ) -> bool:
        """Wait until all of `keys` are stored, or this request leads some; whether it does."""
        waited = set(keys)
        model = gathered.found.planned.identity.model
        waits = pauses(self.pace.expected_seconds(model), 0, random.random())  # noqa: S311
        try:
            with state.timed("wait"):
                async with asyncio.timeout(self.tier.leases.terms.wait_seconds):
                    while gathered.followed & waited:
                        await asyncio.sleep(next(waits))
                        if await self._leads(gathered, encoding, state):
                            return True
        except TimeoutError:
            state.facts.because(Reason.SINGLE_FLIGHT_TIMEOUT)
            gathered.followed -= waited
        return False

    async def _leads(self, gathered: Gathered, encoding: Encoding, state: RequestState) -> bool:
        """Look once more; whether this request leads some of them now."""
        waited: Sequence[str] = sorted(gathered.followed)
        again = await self.tier.look_again(gathered.found, waited, encoding, state)
        return gathered.add_followed(waited, again)
