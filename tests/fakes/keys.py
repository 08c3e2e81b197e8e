"""Clients' keys in memory."""

from collections.abc import Mapping

from llm_cache_proxy.domain.client_keys.limits import KeyRecord
from llm_cache_proxy.domain.client_keys.usage import KeyUsage, corrected, corrections
from llm_cache_proxy.ports.key_store import HeldKey


class FakeKeys:
    """`KeyStore`; `keys` is what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[tuple[str, str], HeldKey] = {}

    async def read_keys(self, tenant: str) -> Mapping[str, HeldKey]:
        return {key_id: held for (of, key_id), held in self.keys.items() if of == tenant}

    async def write_key(
        self,
        tenant: str,
        key_id: str,
        record: KeyRecord,
        *,
        instead_of: KeyRecord | None = None,
        usage_of: str | None = None,
    ) -> bool:
        held = self.keys.get((tenant, key_id))
        if (None if held is None else held.record) != instead_of:
            return False
        usage = KeyUsage() if held is None else held.usage
        if usage_of is not None and (tenant, usage_of) in self.keys:
            usage = self.keys[tenant, usage_of].usage
        self.keys[tenant, key_id] = HeldKey(record, usage)
        return True

    def _correct(self, tenant: str, counts: Mapping[str, int]) -> None:
        for key_id, what, period, amount in corrections(counts):
            held = self.keys.get((tenant, key_id))
            if held is not None:
                usage = corrected(held.usage, what, period, amount)
                self.keys[tenant, key_id] = HeldKey(held.record, usage)
