"""Where the semantic tier is, and what it may serve."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from llm_cache_proxy.domain.requests.presets import Preset
from llm_cache_proxy.settings.values import AnyCase, RootUrl, Seconds, Similarity


class SemanticTierSettings(BaseModel):
    """Where the semantic tier is, and what it may serve."""

    model_config = ConfigDict(defer_build=True)

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
    semantic_candidates: int = Field(
        5, ge=1, le=50, description="How many of the nearest entries are judged."
    )
    semantic_with_tools: bool = Field(
        False, description="Whether requests that offer tools may use the semantic tier."
    )
    semantic_max_temperature: float = Field(
        1.0, ge=0, le=2, description="Highest temperature at which the semantic tier is used."
    )
    qdrant_url: RootUrl | None = Field(None, description="Semantic tier on a Qdrant server.")
    qdrant_api_key: SecretStr | None = Field(None, description="Key for QDRANT_URL.")
    qdrant_collection: str = Field(
        "llm_cache_proxy", description="Collection of the semantic tier.", min_length=1
    )
    search_deadline_seconds: Seconds = Field(
        0.5, description="Longest wait for one call to the semantic tier's store."
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
        "kept (from 0.05 on near texts are trusted at first where the guard vetoes few, with "
        "MiniLM's vectors); unset: the preset's threshold.",
    )
    explore_rate: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Share of learned hits that are asked again to check them, at least, and of "
        "exact hits. Needs MAX_WRONG_SHARE.",
    )

    @property
    def has_verifier(self) -> bool:
        """Whether a verifier judges pairs."""
        if self.verifier is None:
            return self.semantic_preset is Preset.VERIFIED
        return self.verifier == "llm"

    @model_validator(mode="after")
    def _can_verify(self) -> Self:
        if self.semantic_preset is Preset.VERIFIED and self.verifier == "none":
            raise ValueError("SEMANTIC_PRESET=verified needs a verifier: VERIFIER is none")
        return self
