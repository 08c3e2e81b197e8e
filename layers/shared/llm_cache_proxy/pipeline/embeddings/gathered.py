"""The items of a batch so far, and what its answer's headers, log and counters say of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from llm_cache_proxy.domain.embeddings.batch import Input
from llm_cache_proxy.domain.embeddings.items import Item
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import COALESCED, EXACT_HITS, item_hit_counts
from llm_cache_proxy.domain.metrics.pricing import CountedModels
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.embeddings.item_tier import ItemsResult
from llm_cache_proxy.pipeline.request.answer import Outcome
from llm_cache_proxy.pipeline.request.state import RequestState


@dataclass(slots=True)
class Gathered:
    """The `items` so far, by key; `requested` by this batch, or `shared` by another.

    Another process asks for those in `followed`; `awaited` came from the store once it was done.
    Others wait for those in `leased` until this request has stored them. `head` and `headers` are
    those of the upstream's answer, if there was one.
    """

    found: ItemsResult
    items: dict[str, Item]
    followed: set[str] = field(default_factory=set)
    leased: set[str] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)
    requested: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    head: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, found: ItemsResult) -> "Gathered":
        """What a lookup has found."""
        items, followed = dict(found.stored), set(found.followed)
        leased = set(found.keys) - items.keys() - followed if found.claim else set()
        return cls(found, items, followed, leased)

    def add_followed(self, waited: Sequence[str], again: ItemsResult | None) -> bool:
        """Add what another look at `waited` has found; whether to request some of the rest."""
        if again is None:
            self.followed -= set(waited)
            return True
        self.items |= again.stored
        self.awaited |= again.stored.keys()
        ours = set(waited) - again.stored.keys() - again.followed
        self.leased |= ours
        self.followed = set(again.followed)
        return bool(ours)

    def in_order(self) -> list[Item]:
        """The batch's items in order; an input that occurs twice has its item twice."""
        return [self.items[key] for key in self.found.keys]

    def missing(self, inputs: Sequence[Input]) -> dict[str, Input]:
        """The inputs of the batch that are still missing, each once."""
        pairs = zip(self.found.keys, inputs, strict=True)
        return {key: each for key, each in pairs if key not in self.items}

    def tokens(self, keys: set[str]) -> int:
        """The tokens of these items, each once."""
        return sum(self.items[key].tokens for key in keys)

    def outcome(self, state: RequestState, models: CountedModels) -> Outcome:
        """Where the whole came from; notes the request's result if the upstream was not asked."""
        model = models.name(self.found.planned.identity.model)
        reused = [key for key in self.found.keys if key not in self.requested]
        saved = sum(self.items[key].tokens for key in reused)
        if self.shared:
            counts = item_hit_counts(model, len(self.shared), self.tokens(self.shared))
            state.counts.add(counts)
        outcome = self._outcome(state)
        outcome.items = (len(reused), len(self.found.keys))
        outcome.timings = state.timings
        if saved:
            outcome.saved_tokens = saved
            outcome.saved_nano_dollars = models.prices.known_cost(model, saved, 0)
        used = self.tokens(self.requested) if self.requested else saved
        outcome.usage = Usage(model, used, 0, saved=not self.requested)
        return outcome

    def _outcome(self, state: RequestState) -> Outcome:
        if self.requested:
            is_partly = len(self.requested) < len(self.items)
            reason = str(Reason.PARTLY_CACHED) if is_partly else state.facts.text
            return Outcome(Result.MISS, reason)
        if self.shared or self.awaited:
            state.counts.add_result({COALESCED: 1})
            return Outcome(Result.COALESCED, str(Reason.COALESCED))
        state.counts.result = {EXACT_HITS: 1}  # as the store has counted it
        hits, now = [self.found.hits[key] for key in self.found.stored], self.found.now
        return Outcome(
            Result.HIT_EXACT,
            str(Reason.IDENTICAL),
            age_seconds=max(0, now - min(hit.created_at for hit in hits)),
            ttl_seconds=max(0, min(hit.expires_at for hit in hits) - now),
            entry_id=hits[0].entry_id if len(self.found.keys) == 1 else None,
        )
