"""An action's fields, each read once by its type; a field that is not read is refused.

Never ignores a field: a misspelt selector must not clear more than was meant.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import cast

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject

_WORDS = {"true": True, "false": False}


class Fields:
    """The fields of one action; every method raises InvalidRequest for a value of a wrong type."""

    def __init__(self, action: Mapping[str, object]) -> None:
        self._left = dict(action)

    def text(self, name: str) -> str | None:
        """A non-empty string, or None where the field is absent or null."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            raise InvalidRequest(f"'{name}' must be a non-empty string.", param=name)
        return value

    def required_text(self, name: str) -> str:
        """A non-empty string."""
        value = self.text(name)
        if value is None:
            raise InvalidRequest(f"'{name}' is missing.", param=name)
        return value

    def flag(self, name: str) -> bool | None:
        """A boolean, or None where the field is absent or null."""
        value = self._left.pop(name, None)
        if isinstance(value, str) and value in _WORDS:  # as a query has it
            value = _WORDS[value]
        if value is not None and not isinstance(value, bool):
            raise InvalidRequest(f"'{name}' must be true or false.", param=name)
        return value

    def integer(self, name: str, *, least: int, most: int) -> int | None:
        """A whole number from `least` to `most`, also as digits, as a query has it."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:20])
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InvalidRequest(
                f"'{name}' must be a whole number from {least} to {most}.", param=name
            )
        return value

    def decimal(self, name: str, *, most: int) -> Decimal | None:
        """A number above 0 and up to `most`, also as digits; None where it is absent or null."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        try:
            number = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value)[:40])
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or not 0 < number <= most:
            raise InvalidRequest(f"'{name}' must be a number above 0, up to {most}.", param=name)
        return number

    def texts(self, name: str, *, most: int) -> tuple[str, ...]:
        """Up to `most` non-empty strings; none where the field is absent or null."""
        value = self._left.pop(name, None)
        if value is None:
            return ()
        held = tuple(value) if isinstance(value, list) else (None,)
        if len(held) > most or not all(isinstance(item, str) and item for item in held):
            raise InvalidRequest(
                f"'{name}' must be an array of up to {most} non-empty strings.", param=name
            )
        return cast("tuple[str, ...]", held)

    def list(self, name: str, most: int) -> list[object]:
        """An array of 1 to `most` values."""
        value = self._left.pop(name, None)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise InvalidRequest(f"'{name}' must be an array of 1 to {most} values.", param=name)
        return cast("list[object]", value)

    def object(self, name: str) -> JsonObject | None:
        """A JSON object, or None where the field is absent or null."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, dict):
            raise InvalidRequest(f"'{name}' must be an object.", param=name)
        return cast("JsonObject | None", value)

    def end(self) -> None:
        """Raise InvalidRequest where a field was given that the action does not know."""
        for name in self._left:
            raise InvalidRequest(
                f"'{name[:60]}' is no field of this action.", param=name[:60], code="unknown_field"
            )
