"""Who turns prompts into vectors."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from llm_cache_proxy.settings.embedder_address import with_model_of_bedrock
from llm_cache_proxy.settings.values import AnyCase, BaseUrl, HeaderSecret, HttpUrl, Seconds


class EmbedderSettings(BaseModel):
    """Who turns prompts into vectors."""

    model_config = ConfigDict(defer_build=True)

    embedding_url: HttpUrl | None = Field(
        None,
        description='Embedder over HTTP: POST {"text"} gives {"embedding"}. bedrock:MODEL: '
        "the same as EMBEDDER=bedrock with that EMBEDDING_MODEL.",
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
    embedding_threads: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Threads of the embedder in process: more give a vector sooner where as many "
        "cores are free, for more CPU. Unset: 2 where each worker has as many cores, else 1.",
    )
    model_dir: Path | None = Field(
        None,
        description="Folder of the embedding model, prepared already; unset: one of the user's, "
        "which the first start fills (in the repository, make sets .model/all-MiniLM-L6-v2).",
    )

    @model_validator(mode="before")
    @classmethod
    def _with_model_of_bedrock(cls, given: object) -> object:
        return with_model_of_bedrock(given) if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _can_embed(self) -> Self:
        if self.embedding_url is not None and self.embedding_function is not None:
            raise ValueError("set EMBEDDING_URL or EMBEDDING_FUNCTION, not both")
        if self.embedder == "minilm":
            for name in ("embedding_base_url", "embedding_model"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name.upper()} needs EMBEDDER: it is minilm")
            return self
        if self.embedding_model is None:
            raise ValueError(f"EMBEDDER={self.embedder} needs EMBEDDING_MODEL")
        if self.embedder == "openai" and self.embedding_base_url is None:
            raise ValueError("EMBEDDER=openai needs EMBEDDING_BASE_URL")
        if self.embedder == "qdrant" and self.embedding_dimensions is None:
            raise ValueError("EMBEDDER=qdrant needs EMBEDDING_DIMENSIONS")
        return self
