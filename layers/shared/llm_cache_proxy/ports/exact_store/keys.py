"""The records of clients' keys, as operators keep them; `ExactStore.lookup` reads them."""

from collections.abc import Mapping
from typing import Protocol

from llm_cache_proxy.domain.client_keys.limits import KeyRecord
from llm_cache_proxy.domain.client_keys.usage import KeyUsage
from llm_cache_proxy.domain.record import record


@record()
class HeldKey:
    """A key's record, and what the key has used."""

    record: KeyRecord
    usage: KeyUsage


class KeyStore(Protocol):
    """Failure (`ExactStoreUnavailable`) is reported to the operator."""

    async def read_keys(self, tenant: str) -> Mapping[str, HeldKey]:
        """Every key of the tenant by its id; what cannot be read is left out."""
        ...

    async def write_key(
        self,
        tenant: str,
        key_id: str,
        record: KeyRecord,
        *,
        instead_of: KeyRecord | None = None,
        usage_of: str | None = None,
    ) -> bool:
        """Keep the record; False, and nothing is written, where another one stands there.

        It must stand in place of `instead_of`, or (None) be the first. With `usage_of` the key
        begins with what that key of the tenant has used. The next lookup sees it.
        """
        ...
