"""The exact tier for the inputs of a batch: one round trip looks all of them up.

If the store fails, every input is a miss.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from llm_cache_proxy.domain.embeddings.batch import Batch, Encoding, item_keys
from llm_cache_proxy.domain.embeddings.frames import Frames
from llm_cache_proxy.domain.embeddings.items import Item, stored_item
from llm_cache_proxy.domain.errors import RequestRefused
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Reason
from llm_cache_proxy.pipeline.client_keys import ClientKeyGate
from llm_cache_proxy.pipeline.embeddings.item_leases import ItemLeases, claim_of
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter, PendingCounts
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.unstored import UnstoredAnswers
from llm_cache_proxy.ports.exact_store.items import (
    ItemHit,
    ItemsAnswered,
    ItemsFound,
    ItemsLookup,
)
from llm_cache_proxy.ports.exact_store.store import OtherNamespace, Refused


@record()
class ItemsResult:
    """`keys` are those of the batch's inputs, in order; `stored` are the items read from `hits`.

    `planned` is the request under which the others are to be stored; `now` is the store's clock. An
    item that is neither stored nor `followed` is leased under `claim`, unless that is empty.
    """

    planned: PlannedRequest
    keys: Sequence[str]
    stored: Mapping[str, Item]
    hits: Mapping[str, ItemHit]
    now: int = 0
    claim: str = ""
    followed: AbstractSet[str] = frozenset()


@record()
class ItemTier:
    """Looks items up by exact key; waits for those that are still being stored."""

    keys: ClientKeyGate
    counter_writer: CounterWriter
    leases: ItemLeases
    unstored: UnstoredAnswers | None = None

    async def find(self, planned: PlannedRequest, batch: Batch, state: RequestState) -> ItemsResult:
        """The stored items if the request may read; else only the clear sequence.

        Raises RequestRefused if the client's key is not served.
        """
        pending = self.counter_writer.take(planned.identity.tenant)
        keys, claim = item_keys(planned.key, batch.inputs), claim_of(planned)
        found = await self._look(planned, state, keys, claim, pending)
        if isinstance(found, OtherNamespace):
            planned = planned.in_namespace_of(self.keys.learned(planned.request, found.namespace))
            keys = item_keys(planned.key, batch.inputs)
            found = await self._look(planned, state, keys, claim, PendingCounts())
        if not isinstance(found, ItemsFound):
            return ItemsResult(planned, keys, {}, {})
        read = _read(found, batch.encoding)
        return ItemsResult(planned, keys, read, found.hits, found.now, claim, found.followed)

    async def look_again(
        self, found: ItemsResult, keys: Sequence[str], encoding: Encoding, state: RequestState
    ) -> ItemsResult | None:
        """The followed items that are stored by now; None if the store does not answer."""
        query = ItemsLookup(
            tenant=found.planned.identity.tenant,
            keys=keys,
            max_age_seconds=found.planned.plan.max_age_seconds,
            lease_seconds=self.leases.terms.lease_seconds,
            claim=found.claim,
            whole=False,
        )
        again = await self.leases.looked_up(query, state)
        if not isinstance(again, ItemsFound):
            return None
        read = _read(again, encoding)
        claim, followed = found.claim, again.followed
        return ItemsResult(found.planned, keys, read, again.hits, again.now, claim, followed)

    async def _look(
        self,
        planned: PlannedRequest,
        state: RequestState,
        keys: Sequence[str],
        claim: str,
        pending: PendingCounts,
    ) -> ItemsFound | OtherNamespace | None:
        client = planned.request.client
        if self.unstored is not None and self.unstored.under_way:
            await self.unstored.stored(client.tenant, set(keys))
        check = None if client.key_id is None else self.keys.check(planned, state)
        query = ItemsLookup(
            tenant=planned.identity.tenant,
            keys=list(dict.fromkeys(keys)) if planned.plan.read else (),
            max_age_seconds=planned.plan.max_age_seconds,
            counts=pending.counts,
            recent=pending.recent,
            check=check,
            lease_seconds=self.leases.terms.lease_seconds if claim else 0,
            claim=claim,
        )
        answer = await self.leases.looked_up(query, state)
        if answer is None:
            state.exact_unavailable = True
            state.facts.because(Reason.EXACT_UNAVAILABLE)
            self.counter_writer.later(client.tenant, pending.counts, pending.recent)
        found: ItemsFound | OtherNamespace | None
        if check is None and not isinstance(answer, Refused):  # which only a check brings
            found = answer
        else:
            found = self._passed(planned, state, query, answer)
        if isinstance(found, ItemsFound):
            state.sequence = found.sequence
        return found

    def _passed(
        self,
        planned: PlannedRequest,
        state: RequestState,
        query: ItemsLookup,
        answer: ItemsAnswered | None,
    ) -> ItemsFound | OtherNamespace | None:
        try:
            return self.keys.passed(planned.request.client, state, query.check, answer)
        except RequestRefused:
            if isinstance(answer, ItemsFound):  # whom the store refuses, it leases nothing
                self.leases.release(query.tenant, query.keys, query.claim)
            raise


def _read(found: ItemsFound, encoding: Encoding) -> dict[str, Item]:
    frames = Frames()
    read = {}
    for key, hit in found.hits.items():
        item = stored_item(hit.frame, hit.vector, hit.prompt_tokens, frames, encoding)
        if item is not None:
            read[key] = item
    return read
