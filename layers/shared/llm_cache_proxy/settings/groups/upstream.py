"""Who answers what the cache does not hold."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from llm_cache_proxy.settings.values import BaseUrl, HeaderSecret, Seconds, UpstreamKeys, Upstreams


class UpstreamSettings(BaseModel):
    """Who answers what the cache does not hold."""

    model_config = ConfigDict(defer_build=True)

    groq_api_key: HeaderSecret | None = Field(
        None, description="Key for Groq, the default upstream."
    )
    upstream_base_url: BaseUrl | None = Field(
        None, description="Base URL of any OpenAI-compatible API, up to and including /v1."
    )
    upstream_api_key: HeaderSecret | None = Field(None, description="Key for UPSTREAM_BASE_URL.")
    upstreams: Upstreams | None = Field(
        None,
        description="Several upstreams in order of preference, in place of the above: a JSON array "
        "or a file of one; see docs/upstreams.md.",
    )
    upstream_keys: UpstreamKeys | None = Field(
        None, description="Keys for UPSTREAMS: a JSON object from an upstream's name to its key."
    )
    upstream_timeout_seconds: Seconds = Field(
        120.0,
        description="Longest wait for a complete upstream answer, or for a stream's next piece.",
    )
    check_upstreams: bool = Field(
        True,
        description="Whether the local server asks its upstreams for their models when it starts, "
        "to say at once where one does not answer or refuses its key.",
    )

    @model_validator(mode="after")
    def _names_upstreams_in_one_way(self) -> Self:
        if self.upstream_api_key is not None and self.upstream_base_url is None:
            raise ValueError("UPSTREAM_API_KEY needs UPSTREAM_BASE_URL")
        if self.upstreams is not None and self.upstream_base_url is not None:
            raise ValueError("set UPSTREAMS or UPSTREAM_BASE_URL, not both")
        if self.upstream_keys is not None and self.upstreams is None:
            raise ValueError("UPSTREAM_KEYS needs UPSTREAMS")
        return self
