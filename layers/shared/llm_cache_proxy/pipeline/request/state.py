"""The state that one request carries through the steps of the pipeline."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from llm_cache_proxy.domain.client_keys.limits import Grant
from llm_cache_proxy.domain.client_keys.usage import Charge
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.entries.shared_answer import SharedAnswer
from llm_cache_proxy.domain.metrics.counter_names import (
    error_count,
    merged,
    negated,
    veto_count,
)
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.requests.reasons import Reason
from llm_cache_proxy.ports.exact_store.leases import Lease


class Leadership(Protocol):
    """The lease of the request that calls the upstream for those with the same key."""

    @property
    def lease(self) -> Lease:
        """The lease itself."""
        ...

    @property
    def key(self) -> str:
        """The exact key under which followers look for the answer."""
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
        """Another command has ended the lease; followers get nothing from it."""
        ...

    def abandon(self) -> None:
        """Release the lease, so that a follower takes over."""
        ...


@dataclass(slots=True)
class RequestCounts:
    """What a request adds to the counters."""

    pending: dict[str, int] = field(default_factory=dict)
    """Counts that are not written yet."""
    written: dict[str, int] = field(default_factory=dict)
    """Counts that the counter writer has already; the request log wants both."""
    result: dict[str, int] = field(default_factory=dict)
    """The counts of this request's result so far, by us or by the store."""

    def add(self, counts: dict[str, int]) -> None:
        """Remember to write `counts`."""
        for name, amount in counts.items():
            self.pending[name] = self.pending.get(name, 0) + amount

    def add_result(self, counts: dict[str, int]) -> None:
        """Remember to write `counts`, which are the request's result."""
        self.result = counts
        self.add(counts)

    def undo_result(self) -> None:
        """Undo the count of the result: it was none."""
        self.add(negated(self.result))
        self.result = {}

    def take(self) -> dict[str, int]:
        """The counts for the counter writer to write, once."""
        counts, self.pending = self.pending, {}
        self.written = merged(self.written, counts)
        return counts

    def all(self) -> dict[str, int]:
        """Every count of the request, written or not, for the request log."""
        counts = dict(self.written)
        for name, amount in self.pending.items():
            counts[name] = counts.get(name, 0) + amount
        return counts

    def include(self, other: "RequestCounts") -> None:
        """Report the counts of further work in the request log as well."""
        self.written = merged(self.written, other.all())


@dataclass(slots=True)
class KeyAccount:
    """The client key's remaining budget, and the amount that this request has reserved of it."""

    grant: Grant | None = None
    """What the client key's limits leave, as last reported by the store."""
    charge: Charge | None = None
    """What is reserved of the key's budgets and not yet charged."""
    unchecked: bool = False
    """True if only the key's signature could be checked."""

    @property
    def is_short(self) -> bool:
        """Whether a budget forbids a call to the upstream."""
        return self.grant is not None and self.grant.short is not None

    @property
    def is_used_up(self) -> bool:
        """Whether a budget forbids a call or is empty.

        The check of an exact hit reserves nothing and so looks for no shortage.
        """
        budgets = () if self.grant is None else (self.grant.tokens, self.grant.nano_dollars)
        return self.is_short or any(each is not None and each.left <= 0 for each in budgets)

    def corrected_to(self, tokens: int, nano_dollars: int) -> dict[str, int]:
        """The counts that turn what was reserved into what the answer cost, once."""
        charge, self.charge = self.charge, None
        return {} if charge is None else charge.corrected_to(tokens, nano_dollars)


@dataclass(slots=True)
class RequestFacts:
    """What the request log and `x-cache-reason` report.

    The reason so far, the nearest entry, the prompt, the usage.
    """

    reason: Reason = Reason.NOT_FOUND
    detail: str | None = None
    """The detail of the reason, such as the guard's rule."""
    similarity: float | None = None
    """Cosine similarity of the nearest entry."""
    nearest: str | None = None
    """That entry's id."""
    prompt: str | None = None
    """The last user text."""
    usage: Usage | None = None
    """The answer's tokens, once they are known."""

    def compared_with(self, entry_id: str, similarity: float) -> None:
        """Remember the entry whose prompt is compared with this one."""
        self.nearest, self.similarity = entry_id, similarity

    def because(self, reason: Reason, detail: str | None = None) -> None:
        """Set another reason; an entry of this very request outweighs every near one."""
        if self.reason is not Reason.FORM_UNPROVED:
            self.reason, self.detail = reason, detail

    @property
    def text(self) -> str:
        """`x-cache-reason`: a word of the vocabulary, and what it names after a colon."""
        return f"{self.reason}:{self.detail}" if self.detail else str(self.reason)


@dataclass(slots=True)
class RequestState:
    """The mutable state of one request, until it is answered and counted."""

    counts: RequestCounts = field(default_factory=RequestCounts)
    account: KeyAccount = field(default_factory=KeyAccount)
    facts: RequestFacts = field(default_factory=RequestFacts)
    timings: dict[str, float] = field(default_factory=dict)
    """Milliseconds by step."""

    vector: Sequence[float] | None = None
    """The prompt's vector, once computed; it stands for the whole prompt."""
    too_long: bool = False
    """True once it is known that the embedder does not read the whole prompt."""
    sequence: int = 0
    """The tenant's clear sequence at the lookup."""
    exact_unavailable: bool = False
    """True if the exact store did not answer the lookup."""
    leadership: Leadership | None = None
    """Set while this request leads the followers of its answer."""
    has_client: bool = True
    """False if no client waits for the upstream's answer."""
    has_answer: bool = True
    """False once it is known that the upstream gives no whole answer."""

    def child(self, *, has_client: bool = True) -> "RequestState":
        """The state of further work for the same request, which is counted apart.

        It keeps what is known of the prompt, the store and the key; never a charge or a lease.
        """
        return RequestState(
            account=KeyAccount(grant=self.account.grant),
            facts=RequestFacts(prompt=self.facts.prompt),
            timings=self.timings if has_client else {},
            vector=self.vector,
            too_long=self.too_long,
            sequence=self.sequence,
            exact_unavailable=self.exact_unavailable,
            has_client=has_client,
        )

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the time spent inside to `step`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - start) * 1000
            self.timings[step] = self.timings.get(step, 0.0) + spent

    def charge_actual(self, tokens: int, nano_dollars: int) -> None:
        """Charge the client's key what the answer cost, in place of what was reserved."""
        self.counts.add(self.account.corrected_to(tokens, nano_dollars))

    def charge_as_reserved(self) -> None:
        """Charge what was reserved, where the upstream did not say what it took."""
        self.account.charge = None

    def unanswered(self, kind: str) -> None:
        """The upstream gave no whole answer, or the client left: count the request as failed."""
        self.counts.add(error_count(kind))
        self.has_answer = False

    def failed(self, tier: str) -> None:
        """A part of the cache failed."""
        self.counts.add(error_count(tier))

    def vetoed(self, rule: str | None) -> None:
        """The guard found a difference in meaning."""
        name = rule or "unnamed"
        self.facts.because(Reason.GUARD, name)
        self.counts.add(veto_count(name))

    def abandon_leadership(self) -> None:
        """Release the lease if this request leads, so that a follower takes over."""
        if self.leadership is not None:
            self.leadership.abandon()
