"""The environment's variables as a source of settings: each is one text, and none is JSON."""

import os
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource


class Variables(PydanticBaseSettingsSource):
    """The variables that bear a field's name, in capitals or not; an empty one is unset.

    In place of pydantic-settings' own source, which looks into the type of every field at each
    start, for those that would be written as JSON.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """The text of one field, or None."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The text of every field that has one."""
        given = {name.lower(): value for name, value in os.environ.items() if value}
        return {name: given[name] for name in self.settings_cls.model_fields if name in given}
