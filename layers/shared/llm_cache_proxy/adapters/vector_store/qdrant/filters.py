"""The conditions of every search, sweep and count, independent of the client.

What is a candidate, what a clear takes and what counts as held is decided here; a collection only
translates it for its client.
"""

from dataclasses import dataclass

from llm_cache_proxy.ports.vector_store import Scope

KEYWORD_FIELDS = ("fingerprint", "embedder", "selectors")
INTEGER_FIELDS = ("created_at", "expires_at", "purge_at", "sequence")
"""Every field that a condition names besides `tenant`: each has an index."""


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
    """All entries of the scope, expired or not."""
    return (
        Is("fingerprint", scope.fingerprint),
        Is("tenant", scope.tenant),
        Is("embedder", scope.embedder_id),
    )


def living(scope: Scope, now: int) -> Conditions:
    """Entries of the scope that may answer."""
    return *within(scope), Within("expires_at", above=now)


def cleared(tenant: str, selector: str, cutoff: int) -> Conditions:
    """Entries that a clear of the selector has cut off."""
    return Is("tenant", tenant), Is("selectors", selector), Within("sequence", below=cutoff)


def held(tenant: str, selector: str | None, created_before: int | None) -> Conditions:
    """The tenant's entries: all, those with the selector, or those created before then."""
    named = () if selector is None else (Is("selectors", selector),)
    earlier = () if created_before is None else (Within("created_at", below=created_before),)
    return Is("tenant", tenant), *named, *earlier


def past(now: int) -> Conditions:
    """Entries past their `purge_at`, of every tenant."""
    return (Within("purge_at", at_most=now),)
