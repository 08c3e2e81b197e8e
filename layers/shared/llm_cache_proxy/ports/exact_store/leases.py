"""Single flight: which of several identical requests calls the upstream, and what the others get.

The lease is taken in a lookup's own round trip (`Lookup.flight`). Its token only grows, so that
a leader who was believed dead cannot store over a later one's answer.
"""

from typing import Protocol

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.record import record

CLAIM_BYTES = 8
"""Random bytes in hex name one attempt to take a lease; no other attempt has the same name."""


def key_of(flight: str) -> str:
    """The exact key of the requests in a flight, whose name is `KEY:TEXT_DIGEST`."""
    return flight.partition(":")[0]


@record()
class Lease:
    """The right to call the upstream for one request; `led` says whether this caller has it.

    `flight` names the request: exact key and text digest. `age_seconds` is how long ago the
    leader began.
    """

    flight: str
    token: int
    led: bool
    age_seconds: float = 0.0


@record()
class Poll:
    """A follower's query for the result of the leader with this lease.

    `claim` names this attempt to lead in its place.
    """

    tenant: str
    key: str
    lease: Lease
    text_digest: str
    lease_seconds: float
    claim: str = ""
    max_age_seconds: int | None = None


@record()
class PublishedAnswer:
    """An answer the leader published for its current followers; not cached."""

    text: str


@record()
class FoundSemantically:
    """The leader found a semantic match: look the key up again."""


@record()
class NoLease:
    """The store takes no writes: every request calls the upstream itself."""


Polled = Entry | PublishedAnswer | FoundSemantically | NoLease | Lease
"""A `Lease` that is not led means: wait on."""


class LeaseStore(Protocol):
    """Failure (`ExactStoreUnavailable`) means no lease: every request calls the upstream itself."""

    async def poll(self, query: Poll) -> tuple[Polled, int]:
        """What there is for a follower, and the tenant's clear sequence.

        An entry counts as found only where its text is the asking one. Where the lease has lapsed
        or was released, the caller leads from now on. Nothing is counted.
        """
        ...

    async def extend(self, tenant: str, lease: Lease, seconds: float) -> bool:
        """Hold the lease for `seconds` from now; False where the caller no longer holds it."""
        ...

    async def publish(self, tenant: str, lease: Lease, text: str, seconds: float) -> bool:
        """Publish `text` to the followers for `seconds` and end the lease, if it is still held."""
        ...

    async def release(self, tenant: str, lease: Lease) -> None:
        """End the lease, if it is still held: the next follower that polls takes over."""
        ...

    async def withdraw(self, tenant: str, flight: str, claim: str) -> None:
        """End the lease if it was taken under `claim`; its taker may not know that it has it."""
        ...
