"""The state that one request carries through the steps of the pipeline."""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from llm_cache_proxy.domain.client_keys.limits import Grant
from llm_cache_proxy.domain.client_keys.usage import Charge
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.entries.shared_answer import SharedAnswer
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import error_count, merged, veto_count
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.requests.reasons import Reason
from llm_cache_proxy.ports.lease_store import Lease
from llm_cache_proxy.ports.vector_store import Candidate

if TYPE_CHECKING:
    from llm_cache_proxy.pipeline.request.answer import Answer


class Leadership(Protocol):
    """The lease of the request that calls the upstream for those with the same key."""

    @property
    def lease(self) -> Lease:
        """The lease itself."""
        ...

    def covers(self, key: str) -> bool:
        """Whether followers look for the answer under `key`."""
        ...

    async def stored(self, entry: Entry) -> None:
        """The answer is in the store, and the lease has ended with it."""
        ...

    def unstored(self, entry: Entry) -> None:
        """The store did not confirm the answer."""
        ...

    async def share(self, answer: SharedAnswer) -> None:
        """Publish an answer that is not kept to the followers of this moment."""
        ...

    def ended(self) -> None:
        """The lease has ended with another command; followers get nothing from it."""
        ...

    def abandon(self) -> None:
        """Give the lease back, so that a follower takes over."""
        ...


@dataclass(slots=True)
class RequestState:
    """The mutable state of one request, until it is answered and counted."""

    counts: dict[str, int] = field(default_factory=dict)
    """Counts that are not written yet."""
    written: dict[str, int] = field(default_factory=dict)
    """Counts that the counter writer has already; the request log wants both."""
    counted: dict[str, int] = field(default_factory=dict)
    """What was counted as this request's result; taken back where another answer replaces it."""
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by step."""

    reason: Reason = Reason.NOT_FOUND
    """Why the answer does not come from the cache, as far as is known now."""
    detail: str | None = None
    """What the reason names, such as the guard's rule."""
    similarity: float | None = None
    """Cosine similarity of the nearest entry."""
    prompt: str | None = None
    """The last user text."""
    usage: Usage | None = None
    """The answer's tokens, once they are known."""

    vector: Sequence[float] | None = None
    """The prompt's vector, once computed; it stands for the whole prompt."""
    sequence: int = 0
    """The tenant's clear sequence at the lookup."""
    exact_unavailable: bool = False
    """True if the exact store did not answer the lookup."""

    grant: Grant | None = None
    """What the client key's limits leave, as last reported by the store."""
    charge: Charge | None = None
    """What is reserved of the key's budgets and not yet charged."""
    unchecked: bool = False
    """True if only the key's signature could be checked."""

    lease: Lease | None = None
    """The lease that came with the lookup."""
    leadership: Leadership | None = None
    """Set while this request leads the followers of its answer."""

    unjudged: Candidate | None = None
    """A near entry that the verifier has yet to judge."""
    on_answer: Callable[[JsonObject], Awaitable[None]] | None = None
    """Called with the upstream's whole answer before it ends."""
    fallback: "Answer | None" = None
    """The answer to give where the upstream has none."""
    fallback_counts: dict[str, int] = field(default_factory=dict)
    """How `fallback` is counted if it is given."""
    without_client: bool = False
    """True if no client waits for the upstream's answer."""

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time spent inside to `step`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - start) * 1000
            self.timings[step] = self.timings.get(step, 0.0) + spent

    def count(self, counts: dict[str, int]) -> None:
        """Remember to write `counts`."""
        self.counts = merged(self.counts, counts)

    def take_counts(self) -> dict[str, int]:
        """The counts for the ledger to write, once."""
        counts, self.counts = self.counts, {}
        self.written = merged(self.written, counts)
        return counts

    def uncount(self) -> None:
        """Take back what was counted as the result: it was none."""
        self.count({name: -amount for name, amount in self.counted.items()})
        self.counted = {}

    def charge_actual(self, tokens: int, nano_dollars: int) -> None:
        """Charge the client's key what the answer cost, in place of what was reserved."""
        if self.charge is not None:
            charge, self.charge = self.charge, None
            self.count(charge.corrected_to(tokens, nano_dollars))

    def charge_as_reserved(self) -> None:
        """Charge what was reserved, where the upstream did not say what it took."""
        self.charge = None

    def failed(self, tier: str) -> None:
        """A part of the cache failed."""
        self.count(error_count(tier))

    def abandon_leadership(self) -> None:
        """Lead no more, if this request does: one of those who wait leads from now on."""
        if self.leadership is not None:
            self.leadership.abandon()

    async def answered(self, completion: JsonObject) -> None:
        """The upstream has given a whole answer."""
        if self.on_answer is not None:
            await self.on_answer(completion)

    def vetoed(self, rule: str | None) -> None:
        """The guard found a difference in meaning."""
        name = rule or "unnamed"
        self.reason, self.detail = Reason.GUARD, name
        self.count(veto_count(name))

    def because(self, reason: Reason) -> None:
        """Why the answer will not come from the cache, as far as is known now."""
        self.reason, self.detail = reason, None
