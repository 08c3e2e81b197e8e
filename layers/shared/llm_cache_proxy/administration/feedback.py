"""What people say of the cache's answers: a bad one goes, and its pair with it.

Decides what a word of feedback does, and takes back what samples did. Never reaches beyond the
tenant that it is given for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.clearing import Clearing, Selection
from llm_cache_proxy.domain.entries.pairs import EntryHandle, parse_handle
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.promise.counters import feedback_counts
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin
from llm_cache_proxy.ports.exact_store.keys import KeyStore
from llm_cache_proxy.ports.exact_store.pairs import PairMemory
from llm_cache_proxy.ports.vector_store import VectorAdmin

BAD, GOOD = "bad", "good"


class AdministeredExact(ExactAdmin, KeyStore, PairMemory, Protocol):
    """The exact tier as operators see it, clients' keys, and what it remembers of pairs."""

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        """Add to the tenant's counters, as `ExactStore.record` does."""
        ...


@dataclass(frozen=True, slots=True)
class Feedback:
    """Takes feedback on answers by their `x-cache-entry`."""

    exact: AdministeredExact
    vectors: VectorAdmin

    async def apply_fields(self, tenant: str, fields: Mapping[str, object]) -> JsonObject:
        """The same as `apply`, for fields that have not been parsed yet."""
        return await self.apply(tenant, Fields(fields))

    async def apply(self, tenant: str, fields: Fields) -> JsonObject:
        """What the feedback in `fields` (`entry`, `verdict`) has done.

        Raises InvalidRequest where it is none, NotFound where a bad entry is not the tenant's or
        no longer there and no pair is named, and ExactStoreUnavailable where nothing could be
        done.
        """
        handle = parse_handle(fields.required_text("entry"))
        verdict = fields.required_text("verdict")
        fields.end()
        if verdict == BAD:
            return await self._bad(tenant, handle)
        if verdict == GOOD:
            return await self._good(tenant, handle)
        raise InvalidRequest(f"'verdict' must be '{BAD}' or '{GOOD}'.", param="verdict")

    async def restore_threshold(self, tenant: str) -> JsonObject:
        """Take back what samples have done to the tenant's threshold, and count them anew."""
        before = (await self.exact.standing(tenant)).raised_threshold
        restored = await self.exact.set_threshold(tenant, 0.0, before=before)
        return {"tenant": tenant, "before": before or None, "restored": restored and before > 0}

    async def _bad(self, tenant: str, handle: EntryHandle) -> JsonObject:
        # The pair first: an answer that is made anew meanwhile must not match it again.
        if handle.pair is not None and await self.exact.bar(tenant, handle.pair):
            await self.exact.record(tenant, feedback_counts())
        clearing = Clearing(self.exact, self.vectors)
        cleared = await clearing.clear(Selection(tenant, f"entry:{handle.entry_id}"))
        evicted = cleared["cleared"]
        gone = isinstance(evicted, dict) and any(evicted.values())
        if not gone and handle.pair is None and not cleared["unswept"]:
            raise NotFound(
                "There is no such entry: it has expired, or was never yours.", param="entry"
            )
        return {
            "entry": str(handle),
            "verdict": BAD,
            "evicted": evicted,
            "pair_barred": handle.pair is not None,
            "unswept": cleared["unswept"],
        }

    async def _good(self, tenant: str, handle: EntryHandle) -> JsonObject:
        """Take an earlier `bad` back: the pair may match again."""
        lifted = handle.pair is not None and await self.exact.unbar(tenant, handle.pair)
        return {"entry": str(handle), "verdict": GOOD, "pair_barred": False, "lifted": lifted}
