"""The exact tier on a Redis Cluster: a tenant's entries are spread over several hash slots."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from llm_cache_proxy.adapters.exact_store.redis.cluster.admin import ClusterAdmin
from llm_cache_proxy.adapters.exact_store.redis.cluster.groups import together
from llm_cache_proxy.adapters.exact_store.redis.cluster.items import ClusterItems
from llm_cache_proxy.domain.client_keys.limits import KeyRecord
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.keys import HeldKey
from llm_cache_proxy.ports.exact_store.leases import Lease, Poll, Polled
from llm_cache_proxy.ports.exact_store.pairs import Standing


class ClusterLeases(ClusterItems):
    """The `LeaseStore` of a cluster: a flight is in the group of its key."""

    async def poll(self, query: Poll) -> tuple[Polled, int]:
        """The leader's result so far, and the clear sequence of its group."""
        slots = await self._slots(query.tenant)
        return await self._group.poll(replace(query, tenant=slots.of(query.key)))

    async def extend(self, tenant: str, lease: Lease, seconds: float) -> bool:
        """Hold the lease for `seconds` from now."""
        slots = await self._slots(tenant)
        return await self._group.extend(slots.of_flight(lease.flight), lease, seconds)

    async def publish(self, tenant: str, lease: Lease, text: str, seconds: float) -> bool:
        """Publish `text` to the followers, and end the lease."""
        slots = await self._slots(tenant)
        return await self._group.publish(slots.of_flight(lease.flight), lease, text, seconds)

    async def release(self, tenant: str, lease: Lease) -> None:
        """End the lease."""
        slots = await self._slots(tenant)
        await self._group.release(slots.of_flight(lease.flight), lease)

    async def withdraw(self, tenant: str, flight: str, claim: str) -> None:
        """End the lease that was taken under the claim."""
        slots = await self._slots(tenant)
        await self._group.withdraw(slots.of_flight(flight), flight, claim)


class ClusterTrust(ClusterLeases):
    """The `PairMemory` of a cluster: the home decides and counts, and every group learns of it."""

    async def bar(self, tenant: str, pair: str) -> bool:
        """Never match this pair again; whether that is new."""
        slots = await self._slots(tenant)
        return (await together(self._group.bar(group, pair) for group in slots.all))[0]

    async def unbar(self, tenant: str, pair: str) -> bool:
        """Forget that the pair was barred; whether it was."""
        slots = await self._slots(tenant)
        return any(await together(self._group.unbar(group, pair) for group in slots.all))

    async def verdicts(self, tenant: str, pairs: Sequence[str]) -> Sequence[bool | None]:
        """The stored verdicts on the pairs, in one command."""
        slots = await self._slots(tenant)
        return await self._group.verdicts(slots.home, pairs)

    async def remember(self, tenant: str, pair: str, *, approved: bool, ttl_seconds: int) -> None:
        """Keep a verifier's verdict on the pair for `ttl_seconds`."""
        slots = await self._slots(tenant)
        await self._group.remember(slots.home, pair, approved=approved, ttl_seconds=ttl_seconds)

    async def sampled(self, tenant: str, *, wrong: bool) -> Standing:
        """Count one shadow sample; the tenant's samples so far."""
        slots = await self._slots(tenant)
        return await self._group.sampled(slots.home, wrong=wrong)

    async def set_threshold(self, tenant: str, threshold: float, *, before: float) -> bool:
        """Replace the raised threshold `before`, if it still stands."""
        slots = await self._slots(tenant)
        done = await self._group.set_threshold(slots.home, threshold, before=before)
        if done:
            try:
                await together(self._group.trust(group, threshold, []) for group in slots.all[1:])
            except ExactStoreUnavailable:
                self._fell_out_of_step(tenant)
                raise
        return done

    async def standing(self, tenant: str) -> Standing:
        """The tenant's threshold and samples now."""
        slots = await self._slots(tenant)
        return await self._group.standing(slots.home)


class ClusterExactStore(ClusterTrust, ClusterAdmin):
    """All of the exact tier, clients' keys in the tenant's home with what they have used."""

    async def read_keys(self, tenant: str) -> Mapping[str, HeldKey]:
        """Every key of the tenant by its id."""
        slots = await self._slots(tenant)
        return await self._group.read_keys(slots.home)

    async def write_key(
        self,
        tenant: str,
        key_id: str,
        record: KeyRecord,
        *,
        instead_of: KeyRecord | None = None,
        usage_of: str | None = None,
    ) -> bool:
        """Store the record; False if another one stands there."""
        slots = await self._slots(tenant)
        return await self._group.write_key(
            slots.home, key_id, record, instead_of=instead_of, usage_of=usage_of
        )
