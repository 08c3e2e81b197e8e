"""Leases in memory."""

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.ports.lease_store import (
    FoundSemantically,
    Lease,
    NoLease,
    Poll,
    Polled,
    PublishedAnswer,
)


class FakeLeases:
    """Leases and mail by tenant and flight; `leasing` False is a store that takes no writes.

    `others_lead`: every lease is somebody else's, who never answers.
    """

    def __init__(self) -> None:
        super().__init__()
        self.leasing = True
        self.others_lead = False
        self.leases: dict[tuple[str, str], tuple[int, float, float]] = {}
        self.lost_leases: dict[tuple[str, str], str] = {}
        self.polls = 0
        self._mail: dict[tuple[str, str, int], tuple[str, float]] = {}
        self._token = 0

    def _now(self) -> float:
        raise NotImplementedError

    def _call(self) -> None:
        raise NotImplementedError

    def _polled_record(self, query: Poll) -> Entry | FoundSemantically | None:
        raise NotImplementedError

    def _clear_sequence(self, tenant: str) -> int:
        raise NotImplementedError

    async def poll(self, query: Poll) -> tuple[Polled, int]:
        self._call()
        self.polls += 1
        sequence, lease = self._clear_sequence(query.tenant), query.lease
        text, until = self._mail.get((query.tenant, lease.flight, lease.token), ("", 0.0))
        if until > self._now():
            return PublishedAnswer(text), sequence
        found = self._polled_record(query)
        if found is not None:
            return found, sequence
        taken = self._taken(query.tenant, lease.flight, query.lease_seconds, query.claim)
        return taken or NoLease(), sequence

    async def extend(self, tenant: str, lease: Lease, seconds: float) -> bool:
        self._call()
        if not self._holds(tenant, lease):
            return False
        token, since, _ = self.leases[tenant, lease.flight]
        self.leases[tenant, lease.flight] = (token, since, self._now() + seconds)
        return True

    async def publish(self, tenant: str, lease: Lease, text: str, seconds: float) -> bool:
        self._call()
        if not self._holds(tenant, lease):
            return False
        self._mail[tenant, lease.flight, lease.token] = (text, self._now() + seconds)
        self._end(tenant, lease)
        return True

    async def release(self, tenant: str, lease: Lease) -> None:
        self._call()
        self._end(tenant, lease)

    async def withdraw(self, tenant: str, flight: str, claim: str) -> None:
        self._call()
        if self.lost_leases.get((tenant, flight)) == claim:
            self.leases.pop((tenant, flight), None)

    def _taken(self, tenant: str, flight: str, seconds: float, claim: str) -> Lease | None:
        token, since, until = self.leases.get((tenant, flight), (0, 0.0, 0.0))
        if until > self._now():
            return Lease(flight, token, False, self._now() - since)
        if not self.leasing:
            return None
        self._token += 1
        if self.others_lead:
            return Lease(flight, self._token, False)
        self.leases[tenant, flight] = (self._token, self._now(), self._now() + seconds)
        self.lost_leases[tenant, flight] = claim
        return Lease(flight, self._token, True)

    def _holds(self, tenant: str, lease: Lease) -> bool:
        token, _, until = self.leases.get((tenant, lease.flight), (0, 0.0, 0.0))
        return token == lease.token and until > self._now()

    def _end(self, tenant: str, lease: Lease) -> None:
        if self._holds(tenant, lease):
            del self.leases[tenant, lease.flight]

    def _fenced_off(self, tenant: str, lease: Lease) -> bool:
        token, _, until = self.leases.get((tenant, lease.flight), (0, 0.0, 0.0))
        return until > self._now() and token != lease.token
