"""The exact tier: one round trip looks an answer up, checks that it is valid, and counts it."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Protocol

from llm_cache_proxy.domain.client_keys.limits import Grant, KeyCheck, Refusal
from llm_cache_proxy.domain.entries.entry import Alias, Entry, Form
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.ports.exact_store.leases import Lease

REQUESTS_KEPT = 1_000
"""Lines on recent requests that a store keeps of a tenant unless set otherwise; the oldest go."""


@record()
class Lookup:
    """One lookup in the exact tier.

    `counts` are added whatever is found (they carry what earlier calls could not count), and so
    are the lines of `recent`.
    `text_digest` is the digest of the request's text: the stored text is returned only where it
    differs. `max_age_seconds` turns an older entry into a miss.
    `check` is made on the client's key first, in the same round trip; None checks nothing.
    `flight` takes the lease of that name for `lease_seconds` where the lookup is a miss, or reports
    its age; `claim` names this attempt. `held` is a lease that ends with a promotion.
    `stale_seconds` finds an entry that expired no longer ago than that; `refresh_ahead` is the
    fraction of an entry's TTL, at its end. A hit past either takes the lease of `flight` as well:
    one request may refresh it. An expired alias is found only where no lease is wanted.
    """

    tenant: str
    key: str
    form: Form
    text_digest: str
    max_age_seconds: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    recent: Sequence[str] = ()
    check: KeyCheck | None = None
    flight: str | None = None
    lease_seconds: float = 10.0
    claim: str = ""
    held: Lease | None = None
    stale_seconds: int = 0
    refresh_ahead: float = 0.0


@record()
class Hit:
    """A valid entry's answer in the requested form; an expired one's where the lookup allows it.

    `text` is the stored last user text, returned where its digest differs from the request's
    (and always after `promote`); None where the texts are identical.
    `now` is the store's clock in Unix seconds; `sequence` the tenant's present clear sequence.
    `lease` is set where this request is to refresh the entry.
    """

    body: str
    entry_id: str
    created_at: int
    expires_at: int
    now: int
    model: str
    prompt_tokens: int
    completion_tokens: int
    text: str | None
    sequence: int
    grant: Grant | None = None
    lease: Lease | None = None

    @property
    def is_stale(self) -> bool:
        """Whether the entry has expired."""
        return self.expires_at <= self.now

    def is_due(self, refresh_ahead: float) -> bool:
        """Whether it is stale, or in the last `refresh_ahead` of its TTL."""
        left, ttl = self.expires_at - self.now, self.expires_at - self.created_at
        return left <= ttl * refresh_ahead


@record()
class AliasFound:
    """The key is a promotion: the pipeline judges it, then reads its target. Nothing counted.

    `raised_threshold` is the least similarity that the tenant's shadow samples have left;
    `barred` says that feedback has barred the pair since.
    """

    alias: Alias
    sequence: int
    raised_threshold: float = 0.0
    barred: bool = False
    grant: Grant | None = None


@record()
class Miss:
    """Nothing that may be served. `sequence` goes into the entry that this request may store.

    The estimate of `Lookup.check` has been reserved where `grant` has a charge. `lease` is there
    where the lookup wanted one and the store could give it. `unproved`: an entry lives, and
    does not have the form that was requested.
    """

    sequence: int
    grant: Grant | None = None
    lease: Lease | None = None
    unproved: bool = False


@record()
class Barred:
    """An entry is valid, but feedback has barred it for this text. Nothing counted."""

    sequence: int
    grant: Grant | None = None


@record()
class BelowRaised:
    """An entry is valid, but less similar than the tenant's raised threshold. Nothing counted."""

    sequence: int
    raised_threshold: float


@record()
class OtherNamespace:
    """The key's own namespace is another than was assumed; nothing was looked up or counted."""

    namespace: str


@record()
class Refused:
    """The key is not served; `grant` says what is left, where the key is known."""

    refusal: Refusal
    grant: Grant | None = None


Found = Hit | AliasFound | Barred | Miss
"""What was looked up; each has the key's `grant` where it was checked."""

Answered = Found | OtherNamespace | Refused
Promoted = Hit | Barred | BelowRaised | Miss


@record()
class Match:
    """Why another text's answer may serve: their similarity, and their name as a barred pair."""

    similarity: float
    pair: str


@record()
class Commit:
    """Store `entry` if no cutoff has passed it since its lookup; `counts` are added either way.

    `lease` is the one under which the answer was got: it ends here, and where a later one is held
    or has stored already, the entry is refused.
    """

    tenant: str
    entry: Entry
    counts: Mapping[str, int] = field(default_factory=dict)
    lease: Lease | None = None


class ExactStore(Protocol):
    """Failure (`ExactStoreUnavailable`) means: go on as if nothing were cached, and count it.

    A hit adds to the counters: `exact_hits` (`stale` where it is that, `semantic_hits` after
    `promote`), and the entry's tokens as `counter_names.hit_counts` says. Nothing else is
    counted. A store that can read but not write still serves hits. Malformed records and
    unknown format versions are misses. Tenants share no key. Counts named `usage:...` change what a
    client's key has used (`domain.client_keys.limits`), and are no counters.
    """

    async def lookup(self, query: Lookup) -> Answered:
        """The valid entry or alias under the key; a hit is counted in the same round trip.

        `Barred` where the entry's text differs from the asking one and feedback has barred their
        `spelling_pair`. `OtherNamespace` and `Refused` come only where `query.check` is set.
        """
        ...

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        """The target's answer as a semantic hit, leaving `alias` behind with the target's expiry.

        `query.key` is the target's key. None leaves nothing behind. `Miss` when the target is
        gone or cut off; `query.counts` are added on a hit alone. `match` is None where both texts
        are the same; else feedback and the tenant's raised threshold have their say.
        """
        ...

    async def commit(self, commit: Commit) -> bool:
        """Whether the entry was stored.

        False where a clear came after its lookup, where its lease has passed to another, or where
        the store takes no writes at present.
        """
        ...

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        """Add to the tenant's counters, and to the lines on its recent requests."""
        ...

    async def aclose(self) -> None:
        """Release connections; the store is not used afterwards."""
        ...
