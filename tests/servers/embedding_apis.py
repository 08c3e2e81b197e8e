"""Embedding APIs of others, as ASGI apps over a model that a test chooses.

OpenAI's `POST /embeddings`, as it is spoken in four ways, and Bedrock's InvokeModel for Titan and
Cohere. What a request was is kept, so that a test may look at it.
"""

import asyncio
import base64
import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


class Vector(NamedTuple):
    """What a model makes of a text, and the tokens of the text."""

    values: Sequence[float]
    tokens: int


Model = Callable[[str], Vector]
"""Blocks for as long as it works."""


class Base64(Enum):
    """What a service does where base64 is asked for."""

    GIVES = "gives"
    IGNORES = "ignores"
    REFUSES = "refuses"


@dataclass
class OpenAIEmbeddings:
    """`window` is what the model reads; a longer text is refused where `refuses_long`, else cut.

    `forced` answers, a status and a body, come first and are used up.
    """

    model: Model
    base64: Base64 = Base64.GIVES
    api_key: str | None = None
    window: int = 256
    refuses_long: bool = False
    forced: list[tuple[int, bytes]] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/embeddings", self._embed, methods=["POST"])])

    async def _embed(self, request: Request) -> Response:
        body = await request.json()
        self.bodies.append(body)
        if self.api_key and request.headers.get("authorization") != f"Bearer {self.api_key}":
            return _refused(HTTPStatus.UNAUTHORIZED, "Incorrect API key provided")
        if self.forced:
            status, content = self.forced.pop(0)
            return Response(content, status, media_type="application/json")
        packed = body.get("encoding_format") == "base64"
        if packed and self.base64 is Base64.REFUSES:
            return _refused(HTTPStatus.BAD_REQUEST, "encoding_format is not supported")
        if not all(body["input"]):
            return _refused(HTTPStatus.BAD_REQUEST, "input cannot be an empty string")
        found = [await asyncio.to_thread(self.model, text) for text in body["input"]]
        if self.refuses_long and any(one.tokens > self.window for one in found):
            return _refused(HTTPStatus.BAD_REQUEST, "maximum context length exceeded")
        tokens = sum(min(one.tokens, self.window) for one in found)
        as_text = packed and self.base64 is Base64.GIVES
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": _packed(one.values) if as_text else list(one.values),
            }
            for index, one in enumerate(found)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "data": data[::-1], "usage": usage})


@dataclass
class BedrockRuntime:
    """Models by what their names begin with; a text beyond `window` is refused."""

    model: Model
    window: int = 256
    bodies: list[dict[str, object]] = field(default_factory=list)
    refusal: tuple[int, str, str] | None = None
    """A status, a code and a message, in place of every answer."""

    def app(self) -> Starlette:
        path = "/model/{name:path}/invoke"
        return Starlette(routes=[Route(path, self._invoke, methods=["POST"])])

    async def _invoke(self, request: Request) -> Response:
        body = json.loads(await request.body())
        self.bodies.append(body)
        if self.refusal is not None:
            return _exception(*self.refusal)
        name = request.path_params["name"]
        cohere = "cohere." in name
        texts = body["texts"] if cohere else [body["inputText"]]
        found = [await asyncio.to_thread(self.model, text) for text in texts]
        if not all(texts) or any(one.tokens > self.window for one in found):
            return _exception(400, "ValidationException", f"Malformed input request: {texts[0]}")
        vectors = [list(one.values) for one in found]
        tokens = sum(one.tokens for one in found)
        counted = {"x-amzn-bedrock-input-token-count": str(tokens)}
        if not cohere:
            titan = {"embedding": vectors[0], "inputTextTokenCount": tokens}
            return JSONResponse(titan, headers=counted)
        by_type = {"float": vectors} if "embed-v4" in name else vectors
        return JSONResponse({"id": "1", "texts": texts, "embeddings": by_type}, headers=counted)


def _packed(values: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def _refused(status: int, message: str) -> Response:
    error = {"message": message, "type": "invalid_request_error"}
    return JSONResponse({"error": error}, status_code=status)


def _exception(status: int, code: str, message: str) -> Response:
    headers = {"x-amzn-errortype": code}
    return JSONResponse({"message": message}, status_code=status, headers=headers)
