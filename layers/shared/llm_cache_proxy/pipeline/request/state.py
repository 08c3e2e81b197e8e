"""What happened to one request on its way, kept until it is answered and counted."""

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
    """One request's timings in milliseconds, counts still to be written, and reason so far.

    `written` are counts that are in the ledger's hands already; a log wants both.
    `vector` is the prompt's, once it has been computed and stands for the whole prompt. `usage` is
    the answer's, once it is known; `prompt` the last user text. `unjudged` is a near entry that a
    verifier has yet to judge. `on_answer` wants the upstream's whole answer before it ends;
    `fallback` is given where the upstream has none, and then counted as `fallback_counts` say;
    `unasked` says that no client waits for the upstream's answer. `grant` is the client key's last,
    `charge` what is reserved of its budgets and not yet settled; `unchecked` says that only the
    key's signature could be checked. `lease` came with the lookup; `lead` is there while this
    request leads those who wait for its answer. `counted` is what has been counted as this
    request's result, to be taken back where another answer is given in its place.
    """

    counts: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    reason: Reason = Reason.NOT_FOUND
    detail: str | None = None
    sequence: int = 0
    exact_away: bool = False
    vector: Sequence[float] | None = None
    similarity: float | None = None
    usage: Usage | None = None
    prompt: str | None = None
    unjudged: Candidate | None = None
    grant: Grant | None = None
    charge: Charge | None = None
    unchecked: bool = False
    fallback: "Answer | None" = None
    fallback_counts: dict[str, int] = field(default_factory=dict)
    unasked: bool = False
    on_answer: Callable[[JsonObject], Awaitable[None]] | None = None
    lease: Lease | None = None
    lead: Leadership | None = None
    counted: dict[str, int] = field(default_factory=dict)

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

    def handed_over(self) -> dict[str, int]:
        """The counts for the ledger to write, once."""
        counts, self.counts = self.counts, {}
        self.written = merged(self.written, counts)
        return counts

    def uncount(self) -> None:
        """Take back what was counted as the result: it was none."""
        self.count({name: -amount for name, amount in self.counted.items()})
        self.counted = {}

    def settle(self, tokens: int, nano_dollars: int) -> None:
        """Charge the client's key what the answer cost, in place of what was reserved."""
        if self.charge is not None:
            charge, self.charge = self.charge, None
            self.count(charge.corrected_to(tokens, nano_dollars))

    def settle_as_reserved(self) -> None:
        """Charge what was reserved, where the upstream did not say what it took."""
        self.charge = None

    def failed(self, tier: str) -> None:
        """A part of the cache failed."""
        self.count(error_count(tier))

    def abandon_lead(self) -> None:
        """Lead no more, if this request does: one of those who wait leads from now on."""
        if self.lead is not None:
            self.lead.abandon()

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
