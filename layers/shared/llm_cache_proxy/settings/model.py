"""Every setting with its type, default and description."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from llm_cache_proxy.domain.requests.cached_paths import listed_paths
from llm_cache_proxy.domain.requests.presets import Preset
from llm_cache_proxy.settings.addresses import has_no_path, is_first_database
from llm_cache_proxy.settings.values import (
    AnyCase,
    BaseUrl,
    CachedPaths,
    HeaderSecret,
    HttpUrl,
    LogLevel,
    RedisUrl,
    Seconds,
    SecretUrl,
    SigningSecret,
    Similarity,
    UpstreamKeys,
    Upstreams,
)


class Settings(BaseSettings):
    """The settings, named in the environment as here but in capitals; empty means unset."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

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
    upstash_redis_rest_url: HttpUrl | None = Field(
        None, description="Exact tier on Upstash, over its REST API."
    )
    upstash_redis_rest_token: SecretStr | None = Field(
        None, description="Token for UPSTASH_REDIS_REST_URL."
    )
    exact_deadline_seconds: Seconds = Field(
        0.5, description="Longest wait for one call to the exact tier."
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

    qdrant_url: HttpUrl | None = Field(None, description="Semantic tier on a Qdrant server.")
    qdrant_api_key: SecretStr | None = Field(None, description="Key for QDRANT_URL.")
    qdrant_collection: str = Field(
        "llm_cache_proxy", description="Collection of the semantic tier.", min_length=1
    )
    search_deadline_seconds: Seconds = Field(
        0.5, description="Longest wait for one call to the semantic tier's store."
    )

    embedding_url: HttpUrl | None = Field(
        None, description='Embedder over HTTP: POST {"text"} gives {"embedding"}.'
    )
    embedding_function: str | None = Field(
        None, description="Embedder as a Lambda function: its name or ARN, with alias."
    )
    embedder: Annotated[Literal["minilm", "openai", "bedrock", "qdrant"], AnyCase] = Field(
        "minilm",
        description="Who turns prompts into vectors: minilm (in process, or at EMBEDDING_URL or "
        "EMBEDDING_FUNCTION), openai (any API that speaks its /embeddings), bedrock, or qdrant; "
        "see docs/embedders.md.",
    )
    embedding_base_url: BaseUrl | None = Field(
        None, description="Base URL of EMBEDDER=openai, up to and including /v1."
    )
    embedding_model: str | None = Field(
        None, min_length=1, description="Model of EMBEDDER=openai, bedrock or qdrant."
    )
    embedding_api_key: HeaderSecret | None = Field(
        None, description="Key for EMBEDDING_BASE_URL, where it asks for one."
    )
    embedding_dimensions: int | None = Field(
        None,
        ge=1,
        le=65_536,
        description="Dimensions that EMBEDDING_MODEL is asked for; unset: its own. "
        "EMBEDDER=qdrant needs them.",
    )
    embedding_window_tokens: int | None = Field(
        None,
        ge=16,
        le=1_000_000,
        description="Tokens that EMBEDDING_MODEL reads; longer prompts have the exact tier alone. "
        "Unset: known for common models, else 128.",
    )
    embedder_id: str | None = Field(
        None,
        description="Name of a remote embedder; entries of another embedder are not compared.",
    )
    embed_deadline_seconds: Seconds = Field(1.5, description="Longest wait for a prompt's vector.")
    embedding_threads: int = Field(
        1, ge=1, le=64, description="Threads of the embedder in process."
    )

    semantic_cache: bool = Field(True, description="Whether the semantic tier is on.")
    semantic_preset: Annotated[Preset, AnyCase] = Field(
        Preset.BALANCED,
        description="Similarity threshold: balanced (0.90), strict (0.95), verified (0.86 and a "
        "verifier's approval), or off; the guard judges in each of them.",
    )
    similarity_threshold: Similarity | None = Field(
        None, description="Least cosine similarity of a semantic hit, in place of the preset's."
    )
    guard_rules_off: str = Field(
        "",
        description="Names of the guard's rules to switch off, separated by commas.",
    )
    verifier: Annotated[Literal["none", "llm"] | None, AnyCase] = Field(
        None,
        description="Who judges pairs for SEMANTIC_PRESET=verified and for shadow samples: none, "
        "or llm (one yes/no question to VERIFIER_MODEL); unset: llm where the preset needs it.",
    )
    verifier_model: str | None = Field(
        None,
        description="Model that judges pairs, best a small one that does not reason first; unset: "
        "the request's own model.",
    )
    verifier_deadline_seconds: Seconds = Field(
        1.5, description="Longest wait for one verdict of the verifier."
    )
    shadow_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Fraction of semantic hits that are compared with a fresh upstream answer.",
    )
    shadow_limit: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="Fraction of wrong samples above which a tenant's threshold is raised.",
    )
    shadow_agreement: float = Field(
        0.40,
        ge=0,
        le=1,
        description="Agreement from which two answers say the same, from 0 to 1.",
    )
    max_wrong_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Promised share of wrong semantic hits: thresholds are learned so that it is "
        "kept; unset: the preset's threshold.",
    )
    explore_rate: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Share of learned hits that are asked again to check them, at least, and of "
        "exact hits. Needs MAX_WRONG_SHARE.",
    )
    semantic_candidates: int = Field(
        5, ge=1, le=50, description="How many of the nearest entries are judged."
    )
    semantic_with_tools: bool = Field(
        False, description="Whether requests that offer tools may use the semantic tier."
    )
    semantic_max_temperature: float = Field(
        1.0, ge=0, le=2, description="Highest temperature at which the semantic tier is used."
    )
    normalise_prompts: bool = Field(
        True, description="Whether the exact tier ignores case and spacing of prose."
    )
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

    access_mode: Annotated[Literal["open", "keyed"], AnyCase] = Field(
        "open", description="Whether clients need a key that this proxy signed: open or keyed."
    )
    key_signing_secret: SigningSecret | None = Field(
        None, description="Signs client keys: 32 random characters or more."
    )
    key_signing_secret_previous: SigningSecret | None = Field(
        None, description="Previous signing secret; its keys stay valid during rotation."
    )
    upstream_key_from_client: bool = Field(
        False,
        description="Whether clients bring their own key for the upstream, in x-upstream-api-key; "
        "entries are apart by an HMAC of it.",
    )
    keyed_paths: str | None = Field(
        None,
        description="Further paths below /v1 that keyed clients may use, "
        "separated by commas, such as /audio/speech.",
    )
    unchecked_requests_per_minute: int = Field(
        60,
        ge=0,
        description="Requests of a keyed tenant that an instance serves while the exact tier is "
        "unavailable and limits cannot be checked.",
    )
    admin_key: SecretStr | None = Field(
        None, description="Key for /admin, /metrics and /dashboard; they are open without one."
    )
    cors_allow_origins: str | None = Field(
        None,
        description="Origins whose pages may call the server from a browser, separated by commas; "
        "* is every one. Its own pages always may.",
    )
    max_body_bytes: int = Field(
        5_000_000, ge=1_000, le=50_000_000, description="Largest request body."
    )
    max_answer_bytes: int = Field(
        4_000_000,
        ge=10_000,
        le=50_000_000,
        description="Largest answer that is kept; a larger one passes in pieces and is not stored.",
    )
    otel_exporter_otlp_endpoint: BaseUrl | None = Field(
        None,
        description="Base URL of an OpenTelemetry collector (OTLP over HTTP, such as "
        "http://127.0.0.1:4318): spans and metrics go there. Needs the extra otel.",
    )
    otel_exporter_otlp_headers: SecretStr | None = Field(
        None, description="Headers for the collector: name=value, separated by commas."
    )
    otel_service_name: str = Field(
        "llm-cache-proxy", min_length=1, description="Name of this service in traces."
    )
    xray_steps: bool = Field(
        False,
        description="Whether a function shows each step of a request in its X-Ray trace.",
    )
    alert_webhook_url: SecretUrl | None = Field(
        None,
        description='Webhook that the local server tells of lasting trouble: POST {"text"}, as '
        "Slack takes it. In AWS, alarms do that.",
    )
    alert_after_seconds: Seconds = Field(
        60.0, description="How long a trouble lasts before ALERT_WEBHOOK_URL hears of it."
    )
    prices_path: Path | None = Field(
        None, description="JSON file of prices that extend or replace the built-in list."
    )
    log_path: Path | None = Field(
        None, description="File for the request log: one JSON line each, without prompts."
    )
    requests_kept: int = Field(
        1_000,
        ge=0,
        le=100_000,
        description="Recent requests that the dashboard can list, by tenant, newest first; each "
        "takes half a kilobyte of the exact tier's store.",
    )
    recent_prompts: bool = Field(
        False,
        description="Whether the dashboard shows prompts: their first 200 characters, or 2,000 "
        "where they were compared by meaning.",
    )
    metrics_namespace: str | None = Field(
        None,
        min_length=1,
        max_length=255,
        description="CloudWatch namespace for metrics: one log line per request carries them.",
    )
    log_level: LogLevel = Field(
        "INFO", description="Lowest level that is logged: debug, info, warning or error."
    )
    console: Annotated[Literal["auto", "lines", "json", "off"], AnyCase] = Field(
        "auto",
        description="What the local server prints for each request: lines for people, json, or "
        "off; auto prints lines on a terminal and JSON elsewhere.",
    )

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address of the local server. Any other than loopback needs ADMIN_KEY.",
    )
    allowed_hosts: str | None = Field(
        None,
        description="Host names by which the local server may be reached besides loopback and "
        "HOST, separated by commas; *.example.com covers subdomains, * every name.",
    )
    port: int = Field(3000, ge=0, le=65_535, description="Port of the local server.")
    check_upstreams: bool = Field(
        True,
        description="Whether the local server asks its upstreams for their models when it starts, "
        "to say at once where one does not answer or refuses its key.",
    )
    max_entries: int = Field(
        100_000,
        ge=0,
        description="Most records of the embedded stores, aliases counted; the least recently used "
        "leave first. 0: no bound.",
    )
    max_store_bytes: int = Field(
        2_000_000_000,
        ge=0,
        description="Most bytes of the embedded exact tier; the same. 0: no bound.",
    )
    min_free_bytes: int = Field(
        200_000_000,
        ge=0,
        description="Space that the embedded stores leave free on their disk: with less, nothing "
        "is stored, and the server does not start.",
    )
    max_connections: int = Field(
        1_000,
        ge=1,
        le=100_000,
        description="Clients' connections at a time; more are refused with 503. Fewer where the "
        "process may open fewer files.",
    )
    max_header_bytes: int = Field(
        65_536, ge=4_096, le=1_048_576, description="Largest head of a request: line and headers."
    )
    header_timeout_seconds: Seconds = Field(
        15.0, description="Longest wait for a request's head on an open connection."
    )
    drain_seconds: float = Field(
        25.0,
        ge=0,
        le=900,
        description="How long requests in flight may go on after the server was asked to stop.",
    )
    data_dir: Path | None = Field(
        None,
        description="Folder of the embedded stores; unset: one of the user's, which the start "
        "names (in the repository, make dev sets .data).",
    )
    model_dir: Path | None = Field(
        None,
        description="Folder of the embedding model, prepared already; unset: one of the user's, "
        "which the first start fills (in the repository, make sets .model/all-MiniLM-L6-v2).",
    )

    def keyed_path_list(self) -> tuple[str, ...]:
        """KEYED_PATHS one by one, each as it follows /v1."""
        return listed_paths(self.keyed_paths)

    def cached_path_list(self) -> tuple[str, ...]:
        """CACHED_PATHS one by one, each as it follows /v1."""
        return listed_paths(self.cached_paths)

    @property
    def has_verifier(self) -> bool:
        """Whether a verifier judges pairs."""
        if self.verifier is None:
            return self.semantic_preset is Preset.VERIFIED
        return self.verifier == "llm"

    def doubts(self) -> list[str]:
        """Settings that may be mistakes, one line each, for the log at start."""
        found = []
        for name in ("upstream_base_url", "embedding_base_url"):
            url = getattr(self, name)
            if url is not None and has_no_path(url):
                found.append(f"{name.upper()} has no path; most APIs are below {url}/v1")
        if self.embedder != "minilm" and self.similarity_threshold is None:
            found.append(
                "the preset's threshold was measured with MiniLM: SIMILARITY_THRESHOLD sets one "
                f"for {self.embedding_model}, and llm-cache-proxy eval --wrong-share finds it"
            )
        return found

    def described(self) -> dict[str, object]:
        """Every setting by its variable's name, secrets masked, for operators to read."""
        return {name.upper(): _shown(value) for name, value in self}

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: object) -> object:
        """A key of spaces alone is none."""
        if not isinstance(given, dict):
            return given
        return {k: v for k, v in given.items() if not isinstance(v, str) or v.strip()}

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if (self.upstash_redis_rest_url is None) != (self.upstash_redis_rest_token is None):
            raise ValueError("UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN go together")
        if self.upstream_api_key is not None and self.upstream_base_url is None:
            raise ValueError("UPSTREAM_API_KEY needs UPSTREAM_BASE_URL")
        if self.upstreams is not None and self.upstream_base_url is not None:
            raise ValueError("set UPSTREAMS or UPSTREAM_BASE_URL, not both")
        if self.upstream_keys is not None and self.upstreams is None:
            raise ValueError("UPSTREAM_KEYS needs UPSTREAMS")
        if self.redis_url is not None and self.upstash_redis_rest_url is not None:
            raise ValueError("set REDIS_URL or UPSTASH_REDIS_REST_URL, not both")
        if self.embedding_url is not None and self.embedding_function is not None:
            raise ValueError("set EMBEDDING_URL or EMBEDDING_FUNCTION, not both")
        if self.semantic_preset is Preset.VERIFIED and self.verifier == "none":
            raise ValueError("SEMANTIC_PRESET=verified needs a verifier: VERIFIER is none")
        return self

    @model_validator(mode="after")
    def _can_be_a_cluster(self) -> Self:
        if self.redis_cluster_slots is not None:
            if self.redis_url is None:
                raise ValueError("REDIS_CLUSTER_SLOTS needs REDIS_URL")
            if not is_first_database(self.redis_url.get_secret_value()):
                raise ValueError("REDIS_URL: a Redis Cluster has database 0 alone")
        return self

    @model_validator(mode="after")
    def _can_embed(self) -> Self:
        if self.embedder == "minilm":
            for name in ("embedding_base_url", "embedding_model"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name.upper()} needs EMBEDDER: it is minilm")
            return self
        if self.embedding_model is None:
            raise ValueError(f"EMBEDDER={self.embedder} needs EMBEDDING_MODEL")
        if self.embedder == "openai" and self.embedding_base_url is None:
            raise ValueError("EMBEDDER=openai needs EMBEDDING_BASE_URL")
        if self.embedder == "qdrant" and self.qdrant_url is None:
            raise ValueError("EMBEDDER=qdrant needs QDRANT_URL")
        if self.embedder == "qdrant" and self.embedding_dimensions is None:
            raise ValueError("EMBEDDER=qdrant needs EMBEDDING_DIMENSIONS")
        return self

    @model_validator(mode="after")
    def _can_check_keys(self) -> Self:
        if self.access_mode == "keyed" and self.key_signing_secret is None:
            raise ValueError("ACCESS_MODE=keyed needs KEY_SIGNING_SECRET")
        if self.key_signing_secret_previous is not None and self.key_signing_secret is None:
            raise ValueError("KEY_SIGNING_SECRET_PREVIOUS needs KEY_SIGNING_SECRET")
        if self.upstream_key_from_client and self.key_signing_secret is None:
            raise ValueError("UPSTREAM_KEY_FROM_CLIENT needs KEY_SIGNING_SECRET")
        return self


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return "********"
    return str(value) if isinstance(value, Path) else value
