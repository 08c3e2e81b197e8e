"""A request that no client has just sent: read as if one had, with the same checks."""

from collections.abc import Mapping

from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.pipeline.request.planned_request import ClientRequest, client_request


def synthetic_request(
    tenant: str, headers: Mapping[str, str], body: JsonObject, dialect: Dialect
) -> ClientRequest:
    """The tenant's request; `headers` in lower case. Raises InvalidRequest as for a client's."""
    raw = compact_text(body).encode("utf-8")
    return client_request(Client(tenant), dialect, body, body=raw, headers=headers)
