"""Every setting: the groups together, and what one group asks of another."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from llm_cache_proxy.settings.addresses import has_no_path
from llm_cache_proxy.settings.groups.access import AccessSettings
from llm_cache_proxy.settings.groups.answers import AnswerSettings
from llm_cache_proxy.settings.groups.embedder import EmbedderSettings
from llm_cache_proxy.settings.groups.exact_tier import ExactTierSettings
from llm_cache_proxy.settings.groups.local_server import LocalServerSettings
from llm_cache_proxy.settings.groups.observability import ObservabilitySettings
from llm_cache_proxy.settings.groups.semantic_tier import SemanticTierSettings
from llm_cache_proxy.settings.groups.upstream import UpstreamSettings

GROUPS: tuple[type[BaseModel], ...] = (
    UpstreamSettings,
    ExactTierSettings,
    EmbedderSettings,
    SemanticTierSettings,
    AnswerSettings,
    AccessSettings,
    ObservabilitySettings,
    LocalServerSettings,
)
"""The groups in the order in which the docs show them."""


class Settings(
    LocalServerSettings,
    ObservabilitySettings,
    AccessSettings,
    AnswerSettings,
    SemanticTierSettings,
    EmbedderSettings,
    ExactTierSettings,
    UpstreamSettings,
    BaseSettings,
):
    """The settings, named in the environment as here but in capitals; empty means unset."""

    # Bases are read from the last to the first, so that the fields stand in the order of GROUPS.
    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", defer_build=False
    )

    @classmethod
    def settings_customise_sources(  # noqa: D102 - the library's, which calls it with all five
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Files are read by `load_env_file`.
        return init_settings, env_settings

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
    def _can_embed_at_its_store(self) -> Self:
        if self.embedder == "qdrant" and self.qdrant_url is None:
            raise ValueError("EMBEDDER=qdrant needs QDRANT_URL")
        return self


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return "********"
    return str(value) if isinstance(value, Path) else value
