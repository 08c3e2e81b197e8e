"""Whether a request's fields have the types that the cache relies on, told in OpenAI's words."""

import math
from collections.abc import Mapping

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject

_JSON_NAMES: Mapping[type, str] = {
    str: "a string",
    list: "an array",
    dict: "an object",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


def require(fields: JsonObject, name: str, kind: type) -> None:
    """Refuse a request in which `name` is missing or of another type."""
    if name not in fields:
        raise InvalidRequest(
            f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
        )
    if not isinstance(fields[name], kind):
        raise wrong_type(name, kind, type(fields[name]))


def require_model(fields: JsonObject) -> None:
    """Refuse a request that names no model."""
    require(fields, "model", str)
    if not fields["model"]:
        raise InvalidRequest("`model` must name a model.", param="model")


def optional(fields: JsonObject, name: str, *kinds: type) -> None:
    """Refuse a request in which `name` is there, not null, and of another type."""
    value = fields.get(name)
    if value is None:
        return
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise wrong_type(name, kinds[-1], type(value))


def check_sampling(fields: JsonObject) -> None:
    """Refuse wrong types of the fields that all endpoints of text share."""
    optional(fields, "stream", bool)
    optional(fields, "stream_options", dict)
    optional(fields, "temperature", int, float)


def temperature(fields: JsonObject) -> float | None:
    """The temperature asked for; infinity for an integer that no float holds."""
    value = fields.get("temperature")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def wrong_type(param: str, expected: type, got: type) -> InvalidRequest:
    """The refusal of a field of another type."""
    return InvalidRequest(
        f"Invalid type for '{param}': expected {_JSON_NAMES[expected]}, "
        f"but got {_JSON_NAMES.get(got, 'something else')} instead.",
        param=param,
        code="invalid_type",
    )
