"""What goes into the pipeline: a client's request, parsed and checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.controls import Controls


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """One request to a cached endpoint, parsed and checked.

    `body` is what the client sent, `fields` the same parsed; `headers` in lower case. `key_id` is
    the client key's, None where no key is asked for.
    """

    tenant: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    fields: JsonObject
    controls: Controls
    dialect: Dialect
    key_id: str | None = None

    @property
    def client(self) -> Client:
        """Whose request it is."""
        return Client(self.tenant, self.key_id)
