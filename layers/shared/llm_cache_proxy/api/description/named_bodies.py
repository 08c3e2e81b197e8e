"""Bodies of the endpoints that CACHED_PATHS may name, as far as the proxy reads or checks them.

They describe and are never parsed with: a field that is not named here passes as it came.
"""

from typing import Any, Literal

from pydantic import BaseModel

from llm_cache_proxy.api.description.bodies import Name, OpenAIBody, Whole


class ModerationRequest(OpenAIBody):
    """What is to be judged."""

    model: Name | None = None
    input: str | list[str] | list[dict[str, Any]]


class Moderation(OpenAIBody):
    """A verdict on each input."""

    id: str = ""
    model: str = ""
    results: list[dict[str, Any]]


class RerankRequest(OpenAIBody):
    """Documents to be put in order."""

    model: Name
    query: str
    documents: list[str | dict[str, Any]]
    top_n: Whole | None = None


class RankedDocument(OpenAIBody):
    """A document's place, by its index in the request."""

    index: int
    relevance_score: float


class Ranking(OpenAIBody):
    """The documents, the best first."""

    results: list[RankedDocument]


class ImagesRequest(OpenAIBody):
    """Images to be made: with a seed they are the same each time."""

    model: Name | None = None
    prompt: str
    seed: int | None = None
    n: Whole | None = None
    response_format: Literal["b64_json", "url"] | None = None
    stream: bool | None = None


class Image(OpenAIBody):
    """An image in base64, or its address, which no cache keeps."""

    b64_json: str | None = None
    url: str | None = None


class Images(OpenAIBody):
    """The images."""

    created: int = 0
    data: list[Image]


class TranslationForm(OpenAIBody):
    """A recording whose words are wanted in English."""

    model: Name
    file: bytes
    response_format: Literal["json", "verbose_json", "text", "srt", "vtt"] = "json"


class TranscriptionForm(TranslationForm):
    """A recording whose words are wanted."""

    language: str = ""
    stream: bool = False


class Transcript(OpenAIBody):
    """The words that were said."""

    text: str


REFERRED: tuple[type[BaseModel], ...] = (
    ModerationRequest,
    Moderation,
    RerankRequest,
    Ranking,
    ImagesRequest,
    Images,
    TranslationForm,
    TranscriptionForm,
    Transcript,
)
"""Those that are referred to by name."""
