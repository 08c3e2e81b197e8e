"""Single flight, on any server that speaks Redis."""

from typing import cast

from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.adapters.exact_store.redis.records import (
    entry_in,
    lease_in,
    malformed_is_unavailable,
    numbers,
)
from llm_cache_proxy.adapters.exact_store.redis.scripts import Argument, RedisScripts, milliseconds
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION
from llm_cache_proxy.ports.exact_store.leases import (
    FoundSemantically,
    Lease,
    NoLease,
    Poll,
    Polled,
    PublishedAnswer,
)


class RedisLeases(RedisScripts):
    """The `LeaseStore` of a Redis server."""

    async def poll(self, query: Poll) -> tuple[Polled, int]:
        """The leader's result so far, and the tenant's clear sequence; one command."""
        names, lease = TenantNames(query.tenant), query.lease
        keys = [names.record(query.key), names.cutoffs, names.sequence]
        keys += [names.lease(lease.flight), names.fence, names.published(lease.flight, lease.token)]
        max_age = "" if query.max_age_seconds is None else query.max_age_seconds
        words: list[Argument] = [
            FORMAT_VERSION,
            query.text_digest,
            max_age,
            milliseconds(query.lease_seconds),
            query.claim,
        ]
        reply = await self._run("leases/poll", keys, *words)
        with malformed_is_unavailable():
            sequence, kind, *rest = cast("list[object]", reply)
            return _polled(str(kind), rest, query), int(str(sequence))

    async def extend(self, tenant: str, lease: Lease, seconds: float) -> bool:
        """Hold the lease for `seconds` from now."""
        name = TenantNames(tenant).lease(lease.flight)
        reply = await self._run("leases/extend", [name], lease.token, milliseconds(seconds))
        return numbers(reply, 1) == [1]

    async def publish(self, tenant: str, lease: Lease, text: str, seconds: float) -> bool:
        """Publish `text` to the followers, and end the lease."""
        names = TenantNames(tenant)
        keys = [names.lease(lease.flight), names.published(lease.flight, lease.token)]
        reply = await self._run("leases/publish", keys, lease.token, text, milliseconds(seconds))
        return numbers(reply, 1) == [1]

    async def release(self, tenant: str, lease: Lease) -> None:
        """End the lease."""
        await self.publish(tenant, lease, "", 1)

    async def withdraw(self, tenant: str, flight: str, claim: str) -> None:
        """End the lease that was taken under the claim."""
        numbers(await self._run("leases/withdraw", [TenantNames(tenant).lease(flight)], claim), 1)


def _polled(kind: str, rest: list[object], query: Poll) -> Polled:
    if kind == "published":
        return PublishedAnswer(str(rest[0]))
    if kind == "promoted":
        return FoundSemantically()
    if kind == "none":
        return NoLease()
    if kind == "entry":
        fields, purge_at = cast("list[str]", rest[0]), str(rest[1])
        entry = entry_in([*fields, "purge", purge_at], query.key)
        return NoLease() if entry is None else entry
    return lease_in([kind, *rest], query.lease.flight)
