"""Clients' keys: made, listed, revoked and replaced.

Decides what a key's record says. A key is shown once, in the answer that creates it, and stored
nowhere; its record holds no part of its signature.
"""

import secrets
from dataclasses import dataclass, replace

from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.client_keys.key_ring import PREFIX, KeyRing, is_tenant_name
from llm_cache_proxy.domain.client_keys.limits import MOST_NANO_DOLLARS, KeyRecord, Limits
from llm_cache_proxy.domain.client_keys.usage import KeyUsage
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.pricing import NANO_DOLLARS
from llm_cache_proxy.domain.requests.controls import DEFAULT_NAMESPACE, is_name
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin
from llm_cache_proxy.ports.exact_store.keys import HeldKey, KeyStore


def key_view(tenant: str, key_id: str, record: KeyRecord, usage: KeyUsage, now: int) -> JsonObject:
    """The key's record and usage at `now`; None is no limit."""
    limits, used = record.limits, usage.at(now)
    dollars = limits.nano_dollars_per_month
    return {
        "id": f"{tenant}.{key_id}",
        "tenant": tenant,
        "name": record.name,
        "status": _status(record, now),
        "created_at": record.created_at,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
        "namespace": record.namespace,
        "models": list(record.models),
        "limits": {
            "requests_per_minute": limits.requests_per_minute,
            "tokens_per_day": limits.tokens_per_day,
            "dollars_per_month": None if dollars is None else dollars / NANO_DOLLARS,
        },
        "used": {
            "requests_this_minute": used.requests,
            "tokens_today": used.tokens,
            "dollars_this_month": used.nano_dollars / NANO_DOLLARS,
        },
    }


def _status(record: KeyRecord, now: int) -> str:
    if record.revoked_at is not None:
        return "revoked"
    return "expired" if record.expires_at is not None and record.expires_at <= now else "active"


_YEARS_SECONDS = 10 * 365 * 86_400
_MOST_NAME_CHARACTERS = 100
_MOST_MODELS = 100
_MOST = 10**12
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """`ring` None: there is no secret to sign keys with, so none are made."""

    exact: ExactAdmin
    keys: KeyStore
    ring: KeyRing | None
    clock: Clock

    async def create(self, fields: Fields) -> JsonObject:
        """A new key, and what it may do."""
        ring, now = self._signing(), int(self.clock.now())
        tenant = _tenant(fields)
        lifetime = fields.integer("expires_in_seconds", least=1, most=_YEARS_SECONDS)
        record = KeyRecord(
            name=key_name(fields.required_text("name")),
            created_at=now,
            limits=key_limits(fields),
            models=fields.texts("models", most=_MOST_MODELS),
            namespace=key_namespace(fields.text("namespace") or DEFAULT_NAMESPACE),
            expires_at=None if lifetime is None else now + lifetime,
        )
        fields.end()
        return await self._made(ring, tenant, record, usage_of=None)

    async def list(self, fields: Fields) -> JsonObject:
        """Every key, or one tenant's, oldest first, and what each has used."""
        only = fields.text("tenant")
        fields.end()
        tenants = [only] if only is not None else await self.exact.tenants()
        now = int(self.clock.now())
        views = [
            key_view(tenant, key_id, held.record, held.usage, now)
            for tenant in tenants
            for key_id, held in (await self.keys.read_keys(tenant)).items()
        ]
        return {"keys": sorted(views, key=lambda view: (view["created_at"], view["id"]))}

    async def revoke(self, fields: Fields) -> JsonObject:
        """Make a key invalid from the next request on. Revoked twice is revoked once."""
        tenant, key_id = key_place(fields.required_text("id"))
        fields.end()
        held = await self._ended(tenant, key_id, after_seconds=0)
        return key_view(tenant, key_id, held.record, held.usage, int(self.clock.now()))

    async def rotate(self, fields: Fields) -> JsonObject:
        """A new key in place of one, with what that may do and has used.

        The old one ends at once, or in `grace_seconds`, in which each has the budgets to itself.
        """
        ring, now = self._signing(), int(self.clock.now())
        tenant, key_id = key_place(fields.required_text("id"))
        grace = fields.integer("grace_seconds", least=0, most=_YEARS_SECONDS) or 0
        fields.end()
        before = (await self._held(tenant, key_id)).record
        if before.revoked_at is not None:
            raise InvalidRequest("This key has been revoked; make a new one instead.", param="id")
        made = await self._made(ring, tenant, replace(before, created_at=now), usage_of=key_id)
        ended = (await self._ended(tenant, key_id, after_seconds=grace)).record
        return {
            **made,
            "replaces": f"{tenant}.{key_id}",
            "replaced_ends_at": ended.revoked_at or ended.expires_at,
        }

    async def _made(
        self, ring: KeyRing, tenant: str, record: KeyRecord, *, usage_of: str | None
    ) -> JsonObject:
        key_id = secrets.token_hex(8)
        if not await self.keys.write_key(tenant, key_id, record, usage_of=usage_of):
            raise InvalidRequest("The key could not be made; try again.", code="conflict")
        held = await self._held(tenant, key_id)
        view = key_view(tenant, key_id, record, held.usage, record.created_at)
        return {"key": ring.issue(tenant, key_id), **view}

    async def _ended(self, tenant: str, key_id: str, *, after_seconds: int) -> HeldKey:
        """The key once it ends; another change of its record meanwhile is kept."""
        now = int(self.clock.now())
        for _ in range(_ATTEMPTS):
            held = await self._held(tenant, key_id)
            record = held.record
            if record.revoked_at is not None:
                return held
            if after_seconds:
                end = min(now + after_seconds, record.expires_at or now + after_seconds)
                ended = replace(record, expires_at=end)
            else:
                ended = replace(record, revoked_at=now)
            if await self.keys.write_key(tenant, key_id, ended, instead_of=record):
                return replace(held, record=ended)
        raise InvalidRequest("The key is being changed elsewhere; try again.", code="conflict")

    async def _held(self, tenant: str, key_id: str) -> HeldKey:
        held = (await self.keys.read_keys(tenant)).get(key_id)
        if held is None:
            raise NotFound(f"There is no key {tenant}.{key_id}.", param="id")
        return held

    def _signing(self) -> KeyRing:
        if self.ring is None:
            raise InvalidRequest(
                "KEY_SIGNING_SECRET is not set here, so that no key can be signed.",
                code="keys_not_available",
            )
        return self.ring


def _tenant(fields: Fields) -> str:
    tenant = fields.required_text("tenant")
    if not is_tenant_name(tenant):
        raise InvalidRequest(
            "'tenant' must be 1 to 64 letters, digits, dashes or underscores.", param="tenant"
        )
    return tenant


def key_name(name: str) -> str:
    """A key's name, if it may have it. Raises InvalidRequest."""
    if len(name) > _MOST_NAME_CHARACTERS or not name.isprintable():
        raise InvalidRequest(
            f"'name' must be up to {_MOST_NAME_CHARACTERS} printable characters.", param="name"
        )
    return name


def key_namespace(namespace: str) -> str:
    """A key's own namespace, if it may have it. Raises InvalidRequest."""
    if not is_name(namespace):
        raise InvalidRequest(
            "'namespace' must be 1 to 64 letters, digits, dots, dashes or underscores.",
            param="namespace",
        )
    return namespace


def key_limits(fields: Fields) -> Limits:
    """The limits that are given. Raises InvalidRequest."""
    dollars = fields.decimal("dollars_per_month", most=MOST_NANO_DOLLARS // NANO_DOLLARS)
    return Limits(
        requests_per_minute=fields.integer("requests_per_minute", least=1, most=_MOST),
        tokens_per_day=fields.integer("tokens_per_day", least=1, most=_MOST),
        nano_dollars_per_month=None if dollars is None else int(dollars * NANO_DOLLARS),
    )


def key_place(text: str) -> tuple[str, str]:
    """Tenant and id in what `list` shows as a key's id, or in a whole key."""
    parts = text.removeprefix(PREFIX).split(".")
    if len(parts) not in (2, 3) or not all(parts):
        raise InvalidRequest("'id' must be a key's id, such as acme.0123456789abcdef.", param="id")
    return parts[0], parts[1]
