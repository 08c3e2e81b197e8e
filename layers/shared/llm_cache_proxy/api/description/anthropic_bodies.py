"""Bodies of Anthropic's Messages API, as far as the proxy reads or checks them.

They describe and are never parsed with: a field that is not named here passes as it came.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_cache_proxy.api.description.bodies import Name, Whole


class AnthropicBody(BaseModel):
    """Anthropic's, of which more fields may come."""

    model_config = ConfigDict(defer_build=True, extra="allow")


class ContentBlock(AnthropicBody):
    """A part of a message: text, an image, a tool's call or its result, a thought."""

    type: Name
    text: str = ""


class Turn(AnthropicBody):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    content: str | list[ContentBlock]


class ClientTool(AnthropicBody):
    """A tool that the client runs."""

    name: str
    description: str = ""
    input_schema: dict[str, Any]


class TokenCountRequest(AnthropicBody):
    """A conversation whose tokens are to be counted."""

    model: Name
    messages: list[Turn] = Field(min_length=1)
    system: str | list[ContentBlock] = ""
    tools: list[ClientTool] = []


class MessagesRequest(TokenCountRequest):
    """A conversation to be continued."""

    max_tokens: Whole
    stream: bool | None = None
    temperature: float | None = Field(None, ge=0, le=1)
    stop_sequences: list[str] = []
    thinking: dict[str, Any] | None = None
    container: str | None = None


class MessageObject(AnthropicBody):
    """The conversation's continuation."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    content: list[dict[str, Any]]
    model: str
    stop_reason: str | None
    usage: dict[str, Any]


class TokenCount(AnthropicBody):
    """How many tokens the conversation has."""

    input_tokens: int


class AnthropicErrorObject(BaseModel):
    """What went wrong; `type` is for programs."""

    model_config = ConfigDict(defer_build=True)

    type: str
    message: str


class AnthropicErrorBody(BaseModel):
    """Anthropic's error object."""

    model_config = ConfigDict(defer_build=True)

    type: Literal["error"]
    error: AnthropicErrorObject
    request_id: str | None


REFERRED: tuple[type[BaseModel], ...] = (
    MessagesRequest,
    MessageObject,
    TokenCountRequest,
    TokenCount,
    AnthropicErrorBody,
)
"""Those that are referred to by name."""
