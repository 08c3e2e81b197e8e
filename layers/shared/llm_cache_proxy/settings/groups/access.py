"""Who may use the proxy, and for what."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from llm_cache_proxy.domain.requests.cached_paths import listed_paths
from llm_cache_proxy.settings.values import AnyCase, Origins, SigningSecret


class AccessSettings(BaseModel):
    """Who may use the proxy, and for what."""

    model_config = ConfigDict(defer_build=True)

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
    cors_allow_origins: Origins | None = Field(
        None,
        description="Origins whose pages may call the server from a browser, separated by commas; "
        "* is every one. Its own pages always may.",
    )
    max_body_bytes: int = Field(
        5_000_000, ge=1_000, le=50_000_000, description="Largest request body."
    )

    def keyed_path_list(self) -> tuple[str, ...]:
        """KEYED_PATHS one by one, each as it follows /v1."""
        return listed_paths(self.keyed_paths)

    @model_validator(mode="after")
    def _can_check_keys(self) -> Self:
        if self.access_mode == "keyed" and self.key_signing_secret is None:
            raise ValueError("ACCESS_MODE=keyed needs KEY_SIGNING_SECRET")
        if self.key_signing_secret_previous is not None and self.key_signing_secret is None:
            raise ValueError("KEY_SIGNING_SECRET_PREVIOUS needs KEY_SIGNING_SECRET")
        if self.upstream_key_from_client and self.key_signing_secret is None:
            raise ValueError("UPSTREAM_KEY_FROM_CLIENT needs KEY_SIGNING_SECRET")
        return self
