"""Where a tenant's keys are on a Redis Cluster: in groups, each within one hash slot.

The first group is the tenant's home: it holds what must be in one place to be exact. For the
scripts each group is a tenant of its own, with a name that no tenant can have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote
from zlib import crc32

from llm_cache_proxy.adapters.exact_store.redis.names import escaped
from llm_cache_proxy.ports.exact_store.leases import key_of

_BETWEEN = "/"  # which is in no escaped name


@dataclass(frozen=True, slots=True)
class Slots:
    """One tenant's groups, `count` of them."""

    tenant: str
    count: int

    @property
    def home(self) -> str:
        """The first group."""
        return self.at(0)

    @property
    def all(self) -> Sequence[str]:
        """Every group, the home first."""
        return [self.at(number) for number in range(self.count)]

    def at(self, number: int) -> str:
        """The group of that number."""
        return f"{escaped(self.tenant)}{_BETWEEN}{number}"

    def of(self, key: str) -> str:
        """The group of an exact key: its record and its leases."""
        return self.at(crc32(key.encode("utf-8", "surrogatepass")) % self.count)

    def of_flight(self, flight: str) -> str:
        """The group of a flight, which is its key's."""
        return self.of(key_of(flight))


def tenant_of(group: str) -> str:
    """The tenant whose group it is."""
    return unquote(group.partition(_BETWEEN)[0], errors="surrogatepass")
