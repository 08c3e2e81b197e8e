"""A JSON body as a dependency: read by our own rules, then held to a model.

FastAPI's own reading would take duplicate keys and round big integers, and would read the body
before it asked for a key.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from llm_cache_proxy.api.http.invalid_fields import invalid_request
from llm_cache_proxy.api.http.request_bodies import read_json_body
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import parse_object

Body = TypeVar("Body", bound=BaseModel)


class JsonBody(Generic[Body]):
    """The dependency; the description of the API finds `model` here.

    No body is an object without fields. Raises RequestRefused.
    """

    def __init__(self, model: type[Body], max_body_bytes: int) -> None:
        self.model = model
        self._max_body_bytes = max_body_bytes

    async def __call__(self, request: Request) -> Body:
        """The request's body."""
        body = await read_json_body(request, self._max_body_bytes)
        fields = parse_object(body) if body.strip() else {}
        return validated(self.model, fields)


def validated(model: type[Body], fields: Mapping[str, object]) -> Body:
    """The fields as `model` has them, without conversions. Raises InvalidRequest."""
    if "action" in fields and "action" not in model.model_fields:
        raise InvalidRequest("The path names the action; leave 'action' out.", param="action")
    try:
        return model.model_validate(fields, strict=True)
    except ValidationError as exc:
        raise invalid_request(exc.errors(include_url=False, include_input=False)) from exc
