"""Which answers are kept, for how long, and how a hit is sent."""

from pydantic import BaseModel, ConfigDict, Field

from llm_cache_proxy.domain.requests.cached_paths import listed_paths
from llm_cache_proxy.settings.values import CachedPaths


class AnswerSettings(BaseModel):
    """Which answers are kept, for how long, and how a hit is sent."""

    model_config = ConfigDict(defer_build=True)

    default_ttl_seconds: int = Field(86_400, ge=1, description="TTL of an entry.")
    creative_ttl_seconds: int = Field(
        3_600, ge=1, description="TTL of an entry at a temperature above 0.7."
    )
    max_ttl_seconds: int = Field(2_592_000, ge=1, description="Longest TTL that a request may set.")
    stale_if_error_seconds: int = Field(
        0,
        ge=0,
        le=2_592_000,
        description="Seconds past expiry that a cached answer may be served when the upstream "
        "fails; 0: never.",
    )
    stale_while_revalidate_seconds: int = Field(
        0,
        ge=0,
        le=2_592_000,
        description="Seconds past expiry that an entry is served while one request refreshes "
        "it; 0: never. Needs SINGLE_FLIGHT.",
    )
    refresh_ahead: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="Fraction of the TTL, at its end, in which one request refreshes the entry; 0: "
        "never. Needs SINGLE_FLIGHT.",
    )
    cached_paths: CachedPaths | None = Field(
        None,
        description="Further endpoints below /v1 of which identical requests have one answer, "
        "separated by commas, such as /moderations, /rerank, /images/generations (with a seed) or "
        "/audio/transcriptions: these are cached, by the exact tier alone.",
    )
    cache_unseeded_images: bool = Field(
        False,
        description="Whether images that name no seed are cached as well, where CACHED_PATHS lists "
        "/images/generations.",
    )
    max_answer_bytes: int = Field(
        4_000_000,
        ge=10_000,
        le=50_000_000,
        description="Largest answer that is kept; a larger one passes in pieces and is not stored.",
    )
    finish_left_streams: bool = Field(
        False,
        description="Whether a stream is read to its end and stored when its client disconnects; "
        "otherwise it is cancelled.",
    )
    replay_words_per_second: float = Field(
        0, ge=0, le=1000, description="Words per second of a streamed hit; 0 sends it at once."
    )
    fresh_ids: bool = Field(
        False, description="Whether each hit gets its own id and creation time."
    )

    def cached_path_list(self) -> tuple[str, ...]:
        """CACHED_PATHS one by one, each as it follows /v1."""
        return listed_paths(self.cached_paths)
