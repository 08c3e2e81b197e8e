"""A request that no client has just sent: read as if one had, with the same checks."""

from collections.abc import Mapping

from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.controls import parse_controls
from llm_cache_proxy.pipeline.request.planned_request import ClientRequest


def synthetic_request(
    tenant: str, headers: Mapping[str, str], body: JsonObject, dialect: Dialect
) -> ClientRequest:
    """The tenant's request; `headers` in lower case. Raises InvalidRequest as for a client's."""
    return ClientRequest(
        tenant=tenant,
        query="",
        headers=headers,
        body=compact_text(body).encode("utf-8"),
        fields=dialect.checked(body),
        controls=parse_controls(headers),
        dialect=dialect,
    )
