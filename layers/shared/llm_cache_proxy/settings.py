"""Every setting, read from the environment once at start; the only reader of it.

A wrong value stops the start with the variable's name and what was expected.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.requests.presets import Preset
from llm_cache_proxy.upstream_settings import http_url, read_keys, read_upstreams


def _redis_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("redis://", "rediss://")):
        raise ValueError("expected a URL that starts with redis:// or rediss://")
    return value


def _signing_secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _LEAST_SECRET_CHARACTERS:
        raise ValueError(f"expected at least {_LEAST_SECRET_CHARACTERS} characters of randomness")
    return value


_LEAST_SECRET_CHARACTERS = 32


def _upstreams(value: str) -> str:
    read_upstreams(value)
    return value


def _upstream_keys(value: SecretStr) -> SecretStr:
    read_keys(value.get_secret_value())
    return value


HttpUrl = Annotated[str, AfterValidator(http_url)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
Upstreams = Annotated[str, AfterValidator(_upstreams)]
UpstreamKeys = Annotated[SecretStr, AfterValidator(_upstream_keys)]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]
Similarity = Annotated[float, Field(ge=0.5, le=1)]
Seconds = Annotated[float, Field(gt=0, le=900)]


class Settings(BaseSettings):
    """The settings, named in the environment as here but in capitals; empty means unset."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    groq_api_key: SecretStr | None = Field(None, description="Key for Groq, the default upstream.")
    upstream_base_url: HttpUrl | None = Field(
        None, description="Any OpenAI-compatible API; ends in /v1, as OpenAI's base_url does."
    )
    upstream_api_key: SecretStr | None = Field(None, description="Key for UPSTREAM_BASE_URL.")
    upstreams: Upstreams | None = Field(
        None,
        description="Several upstreams in order of preference, in place of the above: a JSON array "
        "or a file of one; see docs/upstreams.md.",
    )
    upstream_keys: UpstreamKeys | None = Field(
        None, description="Keys for UPSTREAMS: a JSON object from an upstream's name to its key."
    )
    upstream_timeout_seconds: Seconds = Field(
        120.0, description="Longest wait for an upstream's whole answer, or a stream's next piece."
    )

    redis_url: RedisUrl | None = Field(
        None, description="Exact tier on a Redis server: redis:// or rediss://."
    )
    upstash_redis_rest_url: HttpUrl | None = Field(
        None, description="Exact tier on Upstash, by its REST API."
    )
    upstash_redis_rest_token: SecretStr | None = Field(
        None, description="Token for UPSTASH_REDIS_REST_URL."
    )
    exact_deadline_seconds: Seconds = Field(
        0.5, description="Longest wait for one call to the exact tier."
    )

    single_flight: bool = Field(
        True, description="Whether requests that are alike and in flight share one upstream call."
    )
    single_flight_wait_seconds: Seconds = Field(
        60.0, description="Longest wait for the answer of another request that is alike."
    )
    lease_seconds: float = Field(
        10.0, ge=1, le=60, description="Silence after which a request no longer leads those alike."
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
    embedder_id: str | None = Field(
        None,
        description="Name of a remote embedder's vectors; entries under another are not compared.",
    )
    embed_deadline_seconds: Seconds = Field(1.5, description="Longest wait for a prompt's vector.")
    embedding_threads: int = Field(
        1, ge=1, le=64, description="Threads of the embedder in process."
    )

    semantic_cache: bool = Field(True, description="Whether prompts are compared by meaning.")
    semantic_preset: Preset = Field(
        Preset.BALANCED,
        description="How near is near enough: balanced (0.90), strict (0.95), verified (0.86 and a "
        "verifier's approval), off; the guard judges in all of them.",
    )
    similarity_threshold: Similarity | None = Field(
        None, description="Least cosine similarity of a semantic hit, in place of the preset's."
    )
    guard_rules_off: str = Field(
        "",
        description="Rules of the guard that are switched off, by name, separated by commas.",
    )
    verifier: Literal["none", "llm"] | None = Field(
        None,
        description="Who judges pairs for SEMANTIC_PRESET=verified and for shadow samples: none, "
        "or llm (one yes/no question to VERIFIER_MODEL); unset: llm where the preset needs it.",
    )
    verifier_model: str | None = Field(
        None,
        description="Model that judges pairs, best a small one that does not reason first; unset: "
        "the model that was asked for.",
    )
    verifier_deadline_seconds: Seconds = Field(
        1.5, description="Longest wait for one verdict of the verifier."
    )
    shadow_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of semantic hits for which the upstream is asked all the same.",
    )
    shadow_limit: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="Share of wrong samples above which a tenant's threshold is raised.",
    )
    shadow_agreement: Similarity = Field(
        0.80, description="Least similarity of two answers that say the same."
    )
    semantic_candidates: int = Field(
        5, ge=1, le=50, description="Nearest entries that are considered in turn."
    )
    semantic_with_tools: bool = Field(
        False, description="Whether prompts that offer tools are compared by meaning."
    )
    semantic_max_temperature: float = Field(
        1.0, ge=0, le=2, description="Highest temperature compared by meaning."
    )
    normalise_prompts: bool = Field(
        True, description="Whether case and spacing of prose are ignored by the exact tier."
    )
    default_ttl_seconds: int = Field(86_400, ge=1, description="Life of an entry.")
    creative_ttl_seconds: int = Field(
        3_600, ge=1, description="Life of an entry asked for at a temperature above 0.7."
    )
    max_ttl_seconds: int = Field(
        2_592_000, ge=1, description="Longest life that a request may ask for."
    )
    stale_if_error_seconds: int = Field(
        0,
        ge=0,
        le=2_592_000,
        description="How long after its life an answer stands in for an upstream that fails; 0: "
        "never.",
    )
    stale_while_revalidate_seconds: int = Field(
        0,
        ge=0,
        le=2_592_000,
        description="How long after its life an answer is given while one caller renews it; 0: "
        "never. Needs SINGLE_FLIGHT.",
    )
    refresh_ahead: float = Field(
        0.0,
        ge=0,
        le=0.5,
        description="Last share of a life in which one caller renews an answer; 0: never. Needs "
        "SINGLE_FLIGHT.",
    )

    finish_left_streams: bool = Field(
        False,
        description="Whether a stream whose client leaves is read to its end and stored, not "
        "cancelled.",
    )
    replay_words_per_second: float = Field(
        0, ge=0, le=1000, description="Pace of a streamed hit; 0 sends it at once."
    )
    fresh_ids: bool = Field(
        False, description="Whether each hit of a completion has an id and a date of its own."
    )

    access_mode: Literal["open", "keyed"] = Field(
        "open", description="Whether clients need a key of ours: open or keyed."
    )
    key_signing_secret: SigningSecret | None = Field(
        None, description="Signs client keys: 32 random characters or more."
    )
    key_signing_secret_previous: SigningSecret | None = Field(
        None, description="The secret before, whose keys are accepted while it is replaced."
    )
    keyed_paths: str | None = Field(
        None,
        description="Paths below /v1 that keyed clients may use besides the stateless ones, "
        "separated by commas, such as /audio/speech.",
    )
    unchecked_requests_per_minute: int = Field(
        60,
        ge=0,
        description="Requests of a keyed tenant that an instance serves while the exact tier is "
        "away, and limits cannot be checked.",
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
    prices_path: Path | None = Field(
        None, description="JSON file of prices that add to the built-in list, or replace in it."
    )
    log_path: Path | None = Field(
        None, description="File for one JSON line a request; no prompts in it."
    )
    recent_prompts: bool = Field(
        False, description="Whether the dashboard shows the first 200 characters of prompts."
    )
    metrics_namespace: str | None = Field(
        None,
        min_length=1,
        max_length=255,
        description="CloudWatch namespace: one log line a request that carries its metrics.",
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe log line."
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
    data_dir: Path = Field(Path(".data"), description="Folder of the embedded stores.")
    model_dir: Path = Field(
        Path(".model/all-MiniLM-L6-v2"), description="Folder of the embedding model."
    )

    def keyed_path_list(self) -> tuple[str, ...]:
        """KEYED_PATHS one by one, each as it follows /v1."""
        paths = (path.strip() for path in (self.keyed_paths or "").split(","))
        return tuple(f"/{path.lstrip('/')}" for path in paths if path)

    @property
    def has_verifier(self) -> bool:
        """Whether there is somebody who judges pairs."""
        if self.verifier is None:
            return self.semantic_preset is Preset.VERIFIED
        return self.verifier == "llm"

    def described(self) -> dict[str, object]:
        """Every setting by its variable's name, secrets masked, for operators to read."""
        return {name.upper(): _shown(value) for name, value in self}

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
    def _can_check_keys(self) -> Self:
        if self.access_mode == "keyed" and self.key_signing_secret is None:
            raise ValueError("ACCESS_MODE=keyed needs KEY_SIGNING_SECRET")
        if self.key_signing_secret_previous is not None and self.key_signing_secret is None:
            raise ValueError("KEY_SIGNING_SECRET_PREVIOUS needs KEY_SIGNING_SECRET")
        return self


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return "********"
    return str(value) if isinstance(value, Path) else value


class SecretNames(BaseSettings):
    """Which secrets a function fetches before its settings are read."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    secrets: str = Field(
        "",
        description="Names of SecureString parameters, separated by commas; the last part of each "
        "is the setting that it holds.",
    )

    def listed(self) -> tuple[str, ...]:
        """The names, one by one."""
        return tuple(name.strip() for name in self.secrets.split(",") if name.strip())


def read_secret_names() -> tuple[str, ...]:
    """The names of the secrets in the environment, none where it names none."""
    return SecretNames().listed()


def misspelt_variables() -> dict[str, str]:
    """Variables that are no settings but look like one, each with the one that may be meant."""
    known = {name.upper() for name in (*Settings.model_fields, *SecretNames.model_fields)}
    given = {name.upper(): name for name in os.environ}
    found: dict[str, str] = {}
    for name in sorted(given.keys() - known):
        meant = get_close_matches(name, known, n=1, cutoff=_LOOKS_LIKE)
        if meant and meant[0] not in given and not name.startswith(meant[0]):
            found[given[name]] = meant[0]
    return found


_LOOKS_LIKE = 0.88
"""REDIS_URI is as like REDIS_URL as that."""


def read_variable(name: str) -> str | None:
    """What the environment holds under a name that a setting gives; None where it is empty."""
    return os.environ.get(name) or None


def read_settings(secrets: Mapping[str, str] | None = None) -> Settings:
    """The settings in the environment, under those in `secrets` (by the variable's name).

    Raises SettingsError that names what is wrong.
    """
    found = {name.lower(): value for name, value in (secrets or {}).items()}
    try:
        return Settings.model_validate(found)
    except ValidationError as exc:
        raise SettingsError(_explained(exc)) from None  # the cause would print secret values


def _explained(exc: ValidationError) -> str:
    lines = []
    for error in exc.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in error["loc"]).upper()
        message = error["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {message}" if name else message)
    return "\n".join(lines)
