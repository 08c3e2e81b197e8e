"""Which points are meant: the conditions of every search, sweep and count, without a client.

What is a candidate, what a clear takes and what is held is decided here once; a collection only
puts it into the words of its client.
"""

from dataclasses import dataclass

from llm_cache_proxy.ports.vector_store import Scope

KEYWORD_FIELDS = ("fingerprint", "embedder", "selectors")
INTEGER_FIELDS = ("created_at", "expires_at", "purge_at", "sequence")
"""With `tenant`, which is kept apart, every field that a condition names: each has an index."""


@dataclass(frozen=True, slots=True)
class Is:
    """The field is this text, or an array that holds it."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Within:
    """The field's number is above, below, or at most."""

    field: str
    above: int | None = None
    below: int | None = None
    at_most: int | None = None


Conditions = tuple[Is | Within, ...]
"""All of them must hold."""


def within(scope: Scope) -> Conditions:
    """What lies within the scope, expired or not."""
    return (
        Is("fingerprint", scope.fingerprint),
        Is("tenant", scope.tenant),
        Is("embedder", scope.embedder_id),
    )


def living(scope: Scope, now: int) -> Conditions:
    """What may answer within the scope."""
    return *within(scope), Within("expires_at", above=now)


def cleared(tenant: str, selector: str, cutoff: int) -> Conditions:
    """What a clear of the selector has cut off."""
    return Is("tenant", tenant), Is("selectors", selector), Within("sequence", below=cutoff)


def held(tenant: str, selector: str | None, created_before: int | None) -> Conditions:
    """What is held of the tenant, of those with the selector, or created before then."""
    named = () if selector is None else (Is("selectors", selector),)
    earlier = () if created_before is None else (Within("created_at", below=created_before),)
    return Is("tenant", tenant), *named, *earlier


def past(now: int) -> Conditions:
    """What is past its `purge_at`, of every tenant."""
    return (Within("purge_at", at_most=now),)
