"""Client keys that verify themselves: which tenant's they are, proved by a signature.

`lcp_<tenant>.<key id>.<signature>`, the signature being HMAC-SHA256 under KEY_SIGNING_SECRET in
base64url. Decides who a key speaks for, never what it may do: that is in its record. Nothing here
shows a key in an error.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from llm_cache_proxy.domain.errors import NotPermitted
from llm_cache_proxy.domain.record import record

PREFIX = "lcp_"
_PURPOSE = "llm-cache-proxy client key 1"
_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_KEY_ID = re.compile(r"[0-9a-f]{16}")


@record()
class UpstreamKey:
    """A client's own key for the upstream, and the name of its account here."""

    value: str = field(repr=False)
    account: str


@record()
class Client:
    """Whose request it is; `key_id` is None where no key is required.

    `upstream_key` is None where the operator's keys are used.
    """

    tenant: str
    key_id: str | None = None
    upstream_key: UpstreamKey | None = None


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """The secrets that sign keys; keys signed by `previous` are still accepted."""

    current: bytes
    previous: bytes | None = None

    def issue(self, tenant: str, key_id: str) -> str:
        """The key of that tenant and id: the same for the same secret, and written nowhere.

        Raises ValueError for a name or an id that a key cannot carry.
        """
        if not _TENANT.fullmatch(tenant) or not _KEY_ID.fullmatch(key_id):
            raise ValueError("no key can carry this tenant's name or this id")
        return f"{PREFIX}{tenant}.{key_id}.{_signature(self.current, tenant, key_id)}"

    def verified(self, key: str) -> Client:
        """The client that the key belongs to. Raises NotPermitted; compares in constant time."""
        parts = key.removeprefix(PREFIX).split(".")
        well_formed = key.startswith(PREFIX) and len(parts) == 3  # noqa: PLR2004 - see above
        if not well_formed or not _TENANT.fullmatch(parts[0]) or not _KEY_ID.fullmatch(parts[1]):
            raise incorrect_key()
        tenant, key_id, signature = parts
        secrets = (self.current,) if self.previous is None else (self.current, self.previous)
        fitting = [
            hmac.compare_digest(signature.encode(), _signature(secret, tenant, key_id).encode())
            for secret in secrets
        ]
        if not any(fitting):
            raise incorrect_key()
        return Client(tenant, key_id)


def is_tenant_name(name: str) -> bool:
    """Whether keys can be made for a tenant of this name."""
    return _TENANT.fullmatch(name) is not None


def is_key_id(text: str) -> bool:
    """Whether a key can have this id."""
    return _KEY_ID.fullmatch(text) is not None


def presented_key(headers: Mapping[str, str]) -> str:
    """The key in `Authorization`, or, as Anthropic's clients send it, in `x-api-key`.

    Raises NotPermitted where there is none.
    """
    scheme, _, key = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        key = headers.get("x-api-key", "")
    if not key.strip():
        raise NotPermitted(
            "You didn't provide an API key. Send one as 'Authorization: Bearer <key>'; keys of "
            "this proxy start with 'lcp_'.",
            code="missing_api_key",
        )
    return key.strip()


def incorrect_key() -> NotPermitted:
    """The one answer to every key that proves nothing: says nothing of why."""
    return NotPermitted("Incorrect API key provided. Ask the operator of this proxy for a key.")


def _signature(secret: bytes, tenant: str, key_id: str) -> str:
    # No part can hold the separator, so no two pairs share a message.
    message = f"{_PURPOSE}\n{tenant}\n{key_id}".encode()
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
