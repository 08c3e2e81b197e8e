"""Where the exact tier is, and how identical requests in flight share one call."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from llm_cache_proxy.settings.addresses import is_first_database
from llm_cache_proxy.settings.values import RedisUrl, RootUrl, Seconds


class ExactTierSettings(BaseModel):
    """Where the exact tier is, and how identical requests in flight share one call."""

    model_config = ConfigDict(defer_build=True)

    redis_url: RedisUrl | None = Field(
        None, description="Exact tier on a Redis server: redis:// or rediss://."
    )
    redis_cluster_slots: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="REDIS_URL is a node of a Redis Cluster, and each tenant spread over so many "
        "hash slots; see docs/scale.md before you change it. Unset: it is one server.",
    )
    upstash_redis_rest_url: RootUrl | None = Field(
        None, description="Exact tier on Upstash, over its REST API."
    )
    upstash_redis_rest_token: SecretStr | None = Field(
        None, description="Token for UPSTASH_REDIS_REST_URL."
    )
    exact_deadline_seconds: Seconds = Field(
        0.5, description="Longest wait for one call to the exact tier."
    )
    normalise_prompts: bool = Field(
        True, description="Whether the exact tier ignores case and spacing of prose."
    )
    single_flight: bool = Field(
        True, description="Whether identical requests in flight share one upstream call."
    )
    single_flight_wait_seconds: Seconds = Field(
        60.0, description="Longest wait for the answer to an identical request in flight."
    )
    lease_seconds: float = Field(
        10.0,
        ge=1,
        le=60,
        description="Seconds without a heartbeat before another instance may make the "
        "upstream call.",
    )

    @model_validator(mode="after")
    def _names_one_store(self) -> Self:
        if (self.upstash_redis_rest_url is None) != (self.upstash_redis_rest_token is None):
            raise ValueError("UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN go together")
        if self.redis_url is not None and self.upstash_redis_rest_url is not None:
            raise ValueError("set REDIS_URL or UPSTASH_REDIS_REST_URL, not both")
        return self

    @model_validator(mode="after")
    def _can_be_a_cluster(self) -> Self:
        if self.redis_cluster_slots is not None:
            if self.redis_url is None:
                raise ValueError("REDIS_CLUSTER_SLOTS needs REDIS_URL")
            if not is_first_database(self.redis_url.get_secret_value()):
                raise ValueError("REDIS_URL: a Redis Cluster has database 0 alone")
        return self
