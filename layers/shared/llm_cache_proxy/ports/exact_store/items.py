"""The exact tier for requests of many items: one round trip looks all of them up.

An item is an entry of one form, under an exact key of its own: what clears, lists, bounds and
exports entries does the same with items.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field
from typing import Protocol

from llm_cache_proxy.domain.client_keys.limits import Grant, KeyCheck
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.ports.exact_store.store import OtherNamespace, Refused


@record()
class ItemsLookup:
    """A lookup of `keys`, each of them once; the other fields are those of `Lookup`.

    Without keys it is a question for the clear sequence. `check` reserves the share of what the
    upstream is expected to cost that is missing. What is missing is leased under `claim` for
    `lease_seconds`, unless that is 0. `whole` says that the request asks for nothing else.
    """

    tenant: str
    keys: Sequence[str]
    max_age_seconds: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    recent: Sequence[str] = ()
    check: KeyCheck | None = None
    lease_seconds: float = 0
    claim: str = ""
    whole: bool = True


@record()
class ItemHit:
    """A valid item: the two parts of its entry's JSON form, and what `Hit` says of it."""

    frame: str
    vector: bytes
    entry_id: str
    created_at: int
    expires_at: int
    model: str
    prompt_tokens: int


@record()
class ItemsFound:
    """What there is of the items by key, and what `Hit` and `Miss` say of store and client key.

    `followed` are those that are leased under another claim: another request asks for them already.
    """

    hits: Mapping[str, ItemHit]
    sequence: int
    now: int
    grant: Grant | None = None
    followed: AbstractSet[str] = frozenset()


ItemsAnswered = ItemsFound | OtherNamespace | Refused


class ItemStore(Protocol):
    """Failure (`ExactStoreUnavailable`) means: go on as if nothing were cached, and count it.

    Items that are found count by model, as `counter_names.item_hit_counts` says, and a lookup that
    finds all of a `whole` request as one of `exact_hits`. A store that can read but not write
    serves them, uncounted, and leases nothing.

    A lease ends by lapsing, by the item's commit, whoever stores it, by any clear, or by its
    release. It fences nothing off: two who ask for one input get the same vector.
    """

    async def lookup_items(self, query: ItemsLookup) -> ItemsAnswered:
        """The valid entries under the keys, and the key's check, in one round trip."""
        ...

    async def commit_items(
        self, tenant: str, entries: Sequence[Entry], counts: Mapping[str, int]
    ) -> bool:
        """Whether all entries were stored, in one round trip; `counts` are added either way.

        False where a clear came after an entry's lookup, or where the store takes no writes.
        """
        ...

    async def extend_items(
        self, tenant: str, keys: Sequence[str], claim: str, seconds: float
    ) -> None:
        """Hold those leases of these items that the claim still has for `seconds` from now."""
        ...

    async def release_items(self, tenant: str, keys: Sequence[str], claim: str) -> None:
        """End the leases of these items that were taken under `claim`."""
        ...
