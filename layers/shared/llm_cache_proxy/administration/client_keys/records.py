"""Records of clients' keys: changed, and taken from one store to another.

Decides what of a key can be changed later. A record holds no part of the key's signature: in a
store whose KEY_SIGNING_SECRET is the same, the key is valid again; elsewhere it never is.
"""

from dataclasses import dataclass, replace
from typing import cast

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.administration.client_keys.keys import (
    key_limits,
    key_name,
    key_namespace,
    key_place,
    key_view,
)
from llm_cache_proxy.domain.client_keys.key_ring import is_key_id, is_tenant_name
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin
from llm_cache_proxy.ports.exact_store.keys import HeldKey, KeyStore

_LIMITS = ("requests_per_minute", "tokens_per_day", "dollars_per_month")
_MOST_MODELS = 100
_MOST_RECORDS = 1_000
_MOST_TIME = 10**11
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class KeyRecords:
    """Reads and writes what `KeyStore` holds; makes no keys."""

    exact: ExactAdmin
    keys: KeyStore
    clock: Clock

    async def edit(self, fields: Fields) -> JsonObject:
        """Change what is given of a key; `unlimited` names limits to lift, `all_models` the list's.

        What the key has used stays. Another change of its record meanwhile is kept.
        """
        tenant, key_id = key_place(fields.required_text("id"))
        change = _change(fields)
        fields.end()
        for _ in range(_ATTEMPTS):
            held = await self._held(tenant, key_id)
            record = change.applied(held.record)
            if record == held.record or await self.keys.write_key(
                tenant, key_id, record, instead_of=held.record
            ):
                return key_view(tenant, key_id, record, held.usage, int(self.clock.now()))
        raise InvalidRequest("The key is being changed elsewhere; try again.", code="conflict")

    async def export(self, fields: Fields) -> JsonObject:
        """Every key's record, or one tenant's, as `import_records` reads it; without its usage."""
        only = fields.text("tenant")
        fields.end()
        tenants = [only] if only is not None else await self.exact.tenants()
        return {
            "records": [
                _written(tenant, key_id, held.record)
                for tenant in sorted(tenants)
                for key_id, held in sorted((await self.keys.read_keys(tenant)).items())
            ]
        }

    async def import_records(self, fields: Fields) -> JsonObject:
        """Write exported records; a key that is here already stays as it is, unless `replace`."""
        given = [_read(each) for each in fields.list("records", _MOST_RECORDS)]
        over = fields.flag("replace") or False
        fields.end()
        counts = {"imported": 0, "replaced": 0, "held": 0}
        for tenant, key_id, record in given:
            counts[await self._import_record(tenant, key_id, record, over=over)] += 1
        return dict(counts)

    async def _import_record(
        self, tenant: str, key_id: str, record: KeyRecord, *, over: bool
    ) -> str:
        before = (await self.keys.read_keys(tenant)).get(key_id)
        if before is not None and (not over or before.record == record):
            return "held"
        instead_of = None if before is None else before.record
        if not await self.keys.write_key(tenant, key_id, record, instead_of=instead_of):
            raise InvalidRequest(
                f"{tenant}.{key_id} is being changed elsewhere; try again.", code="conflict"
            )
        return "imported" if before is None else "replaced"

    async def _held(self, tenant: str, key_id: str) -> HeldKey:
        held = (await self.keys.read_keys(tenant)).get(key_id)
        if held is None:
            raise NotFound(f"There is no key {tenant}.{key_id}.", param="id")
        return held


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be different; None stays."""

    name: str | None
    namespace: str | None
    models: tuple[str, ...] | None
    limits: Limits
    lifted: tuple[str, ...]

    def applied(self, record: KeyRecord) -> KeyRecord:
        old, new = record.limits, self.limits
        limits = Limits(
            self._limit(0, new.requests_per_minute, old.requests_per_minute),
            self._limit(1, new.tokens_per_day, old.tokens_per_day),
            self._limit(2, new.nano_dollars_per_month, old.nano_dollars_per_month),
        )
        return replace(
            record,
            name=self.name or record.name,
            namespace=self.namespace or record.namespace,
            models=record.models if self.models is None else self.models,
            limits=limits,
        )

    def _limit(self, which: int, new: int | None, old: int | None) -> int | None:
        if _LIMITS[which] in self.lifted:
            return None
        return old if new is None else new


def _change(fields: Fields) -> _Change:
    name = fields.text("name")
    namespace = fields.text("namespace")
    models = fields.texts("models", most=_MOST_MODELS) or None
    if fields.flag("all_models"):
        models = ()
    lifted = fields.texts("unlimited", most=len(_LIMITS))
    if unknown := sorted(set(lifted) - set(_LIMITS)):
        raise InvalidRequest(
            f"'unlimited' names {unknown[0][:60]}; there are {', '.join(_LIMITS)}.",
            param="unlimited",
        )
    limits = key_limits(fields)
    return _Change(
        name=None if name is None else key_name(name),
        namespace=None if namespace is None else key_namespace(namespace),
        models=models,
        limits=limits,
        lifted=lifted,
    )


def _written(tenant: str, key_id: str, record: KeyRecord) -> JsonObject:
    dollars = record.limits.nano_dollars_per_month
    shown = {
        "id": f"{tenant}.{key_id}",
        "name": record.name,
        "namespace": record.namespace,
        "models": list(record.models),
        "requests_per_minute": record.limits.requests_per_minute,
        "tokens_per_day": record.limits.tokens_per_day,
        "dollars_per_month": None if dollars is None else dollars / NANO_DOLLARS,
        "created_at": record.created_at,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _read(value: object) -> tuple[str, str, KeyRecord]:
    if not isinstance(value, dict):
        raise InvalidRequest("Each of 'records' must be an object.", param="records")
    fields = Fields(cast("JsonObject", value))
    tenant, key_id = key_place(fields.required_text("id"))
    if not is_tenant_name(tenant) or not is_key_id(key_id):
        raise InvalidRequest("'id' is no key's id.", param="id")
    created = fields.integer("created_at", least=0, most=_MOST_TIME)
    record = KeyRecord(
        name=key_name(fields.required_text("name")),
        created_at=0 if created is None else created,
        limits=key_limits(fields),
        models=fields.texts("models", most=_MOST_MODELS),
        namespace=key_namespace(fields.required_text("namespace")),
        expires_at=fields.integer("expires_at", least=0, most=_MOST_TIME),
        revoked_at=fields.integer("revoked_at", least=0, most=_MOST_TIME),
    )
    fields.end()
    return tenant, key_id, record
