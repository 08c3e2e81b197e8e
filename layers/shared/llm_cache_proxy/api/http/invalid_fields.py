"""What a pydantic model found wrong with a request, as one refusal in our words."""

from collections.abc import Mapping, Sequence

from llm_cache_proxy.domain.errors import InvalidRequest

_MOST_CHARACTERS = 60
_PLACES = frozenset({"body", "query", "path", "header"})


def invalid_request(errors: Sequence[Mapping[str, object]]) -> InvalidRequest:
    """The refusal for the first of `errors`, which never repeats the value."""
    first = errors[0]
    name = _name(first.get("loc"))[:_MOST_CHARACTERS]
    param = name or None
    if first["type"] == "extra_forbidden":
        return InvalidRequest(
            f"'{name}' is no field of this action.", param=param, code="unknown_field"
        )
    if first["type"] == "missing":
        return InvalidRequest(f"'{name}' is missing.", param=param)
    said = str(first.get("msg", "is not valid"))
    return InvalidRequest(f"'{name}': {said}." if name else f"{said}.", param=param)


def _name(location: object) -> str:
    """The field's name, with the places inside it after dots."""
    parts = location if isinstance(location, tuple | list) else ()
    return ".".join(str(part) for part in parts if part not in _PLACES)
