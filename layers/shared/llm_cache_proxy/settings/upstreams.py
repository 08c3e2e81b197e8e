"""UPSTREAMS: several upstreams in order of preference, as JSON or as a file of it.

Never holds a key: an upstream names the variable that does, or has one in UPSTREAM_KEYS.
"""

import json
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from llm_cache_proxy.domain.upstreams.config import ANTHROPIC_BASE_URL, Kind
from llm_cache_proxy.settings.addresses import base_url as as_base_url

_SERVICES = {
    "groq": ("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "anthropic": (ANTHROPIC_BASE_URL, "ANTHROPIC_API_KEY"),
}
"""Base URL and key variable of upstreams that need to be named only."""


def _name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value):
        raise ValueError(
            "expected up to 64 small letters, digits, dots, hyphens and underscores, the first of "
            "them a letter or a digit"
        )
    return value


def _variable(value: str) -> str:
    # The value is not repeated: a key may have been put in the name's place.
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", value):
        raise ValueError("expected the name of a variable that holds the key, like GROQ_API_KEY")
    return value


class UpstreamSetting(BaseModel):
    """One element of UPSTREAMS."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Annotated[str, AfterValidator(_name)]
    kind: Kind | None = None
    base_url: Annotated[str, AfterValidator(as_base_url)] = ""
    api_key_variable: Annotated[str, AfterValidator(_variable)] | None = None
    models: tuple[str, ...] = ("*",)
    aliases: dict[str, str] = Field(default_factory=dict)
    timeout_seconds: float | None = Field(None, gt=0, le=900)
    http2: bool = False

    @property
    def address(self) -> str:
        """The base URL, known for some names."""
        return self.base_url or _SERVICES[self.name][0]

    @property
    def speaks(self) -> Kind:
        """Whose API it speaks, known for some names."""
        named = Kind.ANTHROPIC if self.name == Kind.ANTHROPIC else Kind.OPENAI
        return self.kind or named

    @property
    def key_variable(self) -> str | None:
        """The variable that holds the key, known for some names; None where there is no key."""
        known = _SERVICES[self.name][1] if self.name in _SERVICES else None
        return self.api_key_variable or known


def read_upstreams(value: str) -> tuple[UpstreamSetting, ...]:
    """The list in `value`, or in the file that it names. Raises ValueError that says what is wrong.

    Names are unique, and each upstream has an address.
    """
    text = value if value.lstrip().startswith("[") else _file(value)
    try:
        listed = json.loads(text)
        if not isinstance(listed, list) or not listed:
            raise ValueError("expected a JSON array of at least one upstream")
        found = tuple(UpstreamSetting.model_validate(each) for each in listed)
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in error["loc"])
        message = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        raise ValueError(f"{place or 'each upstream'}: {message}") from None
    names = [each.name for each in found]
    if len(set(names)) != len(names):
        raise ValueError("two upstreams have one name")
    for each in found:
        if not each.base_url and each.name not in _SERVICES:
            raise ValueError(f"base_url: the upstream '{each.name}' needs one")
    return found


def _file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise ValueError(f"expected a JSON array, or a file of one: {exc}") from exc


def read_keys(value: str) -> dict[str, str]:
    """The keys in `value`, a JSON object from an upstream's name to its key.

    Raises ValueError, which shows none of them.
    """
    try:
        keys = json.loads(value)
    except ValueError:
        keys = None
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise ValueError('expected a JSON object such as {"openai": "sk-..."}') from None
    return keys
