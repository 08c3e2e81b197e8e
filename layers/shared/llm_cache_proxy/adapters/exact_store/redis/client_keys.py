"""Clients' keys on a Redis server: two hashes a tenant, the records and what was used."""

from collections.abc import Mapping
from typing import cast

from llm_cache_proxy.adapters.exact_store.key_records import read_record, record_text
from llm_cache_proxy.adapters.exact_store.redis.key_checks import usage_of
from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.adapters.exact_store.redis.scripts import RedisScripts
from llm_cache_proxy.domain.client_keys.limits import KeyRecord
from llm_cache_proxy.domain.client_keys.usage import KeyUsage
from llm_cache_proxy.ports.exact_store.keys import HeldKey

_USAGE_FIELDS = ("w", "r", "d", "t", "o", "n")


class RedisClientKeys(RedisScripts):
    """The `KeyStore` of a Redis server."""

    async def read_keys(self, tenant: str) -> Mapping[str, HeldKey]:
        """Every key of the tenant by its id."""
        names = TenantNames(tenant)
        records = _pairs(await self._server.command("HGETALL", names.client_keys))
        used = _pairs(await self._server.command("HGETALL", names.usage)) if records else {}
        return {
            key_id: HeldKey(record, _usage(used, key_id))
            for key_id, text in records.items()
            if (record := read_record(text)) is not None
        }

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
        names = TenantNames(tenant)
        before = "" if instead_of is None else record_text(instead_of)
        words = [key_id, record_text(record), before, usage_of or ""]
        written = await self._run("client_keys/write", [names.client_keys, names.usage], *words)
        await self._register(tenant)
        return written == 1


def _usage(used: Mapping[str, str], key_id: str) -> KeyUsage:
    try:
        return usage_of([used.get(f"{key_id}:{field}", "0") for field in _USAGE_FIELDS])
    except ValueError:
        return KeyUsage()


def _pairs(reply: object) -> dict[str, str]:
    if isinstance(reply, dict):
        return cast("dict[str, str]", reply)
    flat = cast("list[str]", reply)
    return dict(zip(flat[::2], flat[1::2], strict=True))
