"""Keys for the upstream that clients bring themselves, where the operator has them do so.

A key goes to the upstream and nowhere else. What is stored under it is known by an HMAC of the key
and of the account's headers: no client finds it without the same key, and it does not reveal the
key.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from llm_cache_proxy.domain.client_keys.key_ring import PREFIX, UpstreamKey
from llm_cache_proxy.domain.errors import NotPermitted

HEADER = "x-upstream-api-key"
ACCOUNT_HEADERS = ("anthropic-workspace-id", "openai-organization", "openai-project")
"""Whose account of several a key is used for: they go to the upstream with it."""

_PURPOSE = "llm-cache-proxy upstream account 1"


@dataclass(frozen=True, slots=True, repr=False)
class UpstreamKeys:
    """Reads the keys that clients bring; `secret` makes the names of accounts."""

    secret: bytes

    def presented(self, headers: Mapping[str, str], *, keyed: bool) -> UpstreamKey:
        """The key in `x-upstream-api-key`, or, where no client key is asked for, in the usual ones.

        Raises NotPermitted where there is none. A client key of this proxy is none.
        """
        found = headers.get(HEADER, "").strip()
        if not found and not keyed:
            scheme, _, bearer = headers.get("authorization", "").strip().partition(" ")
            found = bearer.strip() if scheme.lower() == "bearer" else ""
            found = found or headers.get("x-api-key", "").strip()
        if not found or found.startswith(PREFIX):
            raise NotPermitted(
                f"You didn't provide a key for the upstream. Send yours as '{HEADER}: <key>'.",
                code="missing_upstream_key",
            )
        return UpstreamKey(found, self._account(found, headers))

    def _account(self, key: str, headers: Mapping[str, str]) -> str:
        said = [key, *(headers.get(name, "") for name in ACCOUNT_HEADERS)]
        # Each part's length stands before it, so that no two lists share a message.
        parts = "".join(f"{len(part)}:{part}" for part in said)
        message = f"{_PURPOSE}\n{parts}".encode("utf-8", "surrogatepass")
        return hmac.new(self.secret, message, hashlib.sha256).hexdigest()
