"""Bodies of the endpoints that pass them on: the fields that the proxy itself reads or checks.

They describe and are never parsed with: a field that is not named here passes as it came.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1)]
Whole = Annotated[int, Field(ge=1)]


class OpenAIBody(BaseModel):
    """OpenAI's, of which more fields may come."""

    model_config = ConfigDict(defer_build=True, extra="allow")


class StreamOptions(OpenAIBody):
    """`include_usage` asks for the tokens at the end of a stream."""

    include_usage: bool = False


class Generation(OpenAIBody):
    """What every request for an answer may say."""

    model: Name
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = None
    user: str = ""
    metadata: dict[str, str] | None = None


class TextPart(OpenAIBody):
    """A part of a message that is text."""

    type: Literal["text"]
    text: str


class ImageAddress(OpenAIBody):
    """Where an image is."""

    url: str
    detail: Literal["auto", "low", "high"] = "auto"


class ImagePart(OpenAIBody):
    """A part of a message that is an image."""

    type: Literal["image_url"]
    image_url: ImageAddress


class Message(OpenAIBody):
    """One turn of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart | ImagePart] | None = None
    name: str = ""


class FunctionTool(OpenAIBody):
    """A function that the model may call."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}


class Tool(OpenAIBody):
    """A tool that the model may use."""

    type: str
    function: FunctionTool = FunctionTool(name="")


class ChatRequest(Generation):
    """A conversation to be continued."""

    messages: list[Message] = Field(min_length=1)
    n: Whole | None = None
    tools: list[Tool] = []
    max_completion_tokens: Whole | None = None
    stop: str | list[str] | None = None
    store: bool | None = None


class Choice(OpenAIBody):
    """One answer of several."""

    index: int
    message: dict[str, Any]
    finish_reason: str | None


class ChatCompletion(OpenAIBody):
    """The conversation's continuation."""

    id: str = ""
    object: Literal["chat.completion"] = "chat.completion"
    created: int = 0
    model: str = ""
    choices: list[Choice]
    usage: dict[str, Any] | None = None


class InputPart(OpenAIBody):
    """A part of an input item."""

    type: Literal["input_text", "input_image", "input_file", "output_text"]
    text: str = ""


class InputItem(OpenAIBody):
    """One item of a response's input."""

    type: str = "message"
    role: Literal["system", "developer", "user", "assistant"] = "user"
    content: str | list[InputPart] = ""


class ResponseRequest(Generation):
    """What a response is asked for."""

    input: str | list[InputItem]
    instructions: str | None = None
    store: bool | None = None
    background: bool | None = None
    previous_response_id: str | None = None
    max_output_tokens: Whole | None = None
    tools: list[Tool] = []


class ResponseObject(OpenAIBody):
    """A response."""

    id: str
    object: Literal["response"] = "response"
    status: str
    output: list[dict[str, Any]]
    usage: dict[str, Any] | None = None


class TextRequest(Generation):
    """A text to be continued."""

    prompt: str | list[str] | list[int] = ""
    max_tokens: Whole | None = None
    logprobs: int | None = None
    echo: bool | None = None


class TextChoice(OpenAIBody):
    """One continuation of several."""

    text: str
    index: int


class TextCompletion(OpenAIBody):
    """The text's continuation."""

    id: str = ""
    object: Literal["text_completion"] = "text_completion"
    choices: list[TextChoice]
    usage: dict[str, Any] | None = None


class EmbeddingRequest(OpenAIBody):
    """Texts whose vectors are wanted."""

    model: Name
    input: str | Annotated[list[str], Field(min_length=1, max_length=2048)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Whole = 384


class EmbeddingItem(OpenAIBody):
    """One text's vector: numbers, or little-endian floats in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingList(OpenAIBody):
    """The vectors, in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[EmbeddingItem]
    model: str
    usage: dict[str, Any]


REFERRED: tuple[type[BaseModel], ...] = (
    ChatRequest,
    ChatCompletion,
    ResponseRequest,
    ResponseObject,
    TextRequest,
    TextCompletion,
    EmbeddingRequest,
    EmbeddingList,
)
"""Those that `api.v1.raw_routes` refers to by name."""
