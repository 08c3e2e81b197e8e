"""The one reader of the environment: variables, `.env` files and the tuning of a deployment."""

import logging
import os
from collections.abc import Collection, Mapping
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from pydantic import (
    Field,
    ValidationError,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings.model import Settings
from llm_cache_proxy.settings.tuning import NAME as TUNING
from llm_cache_proxy.settings.tuning import read_tuning

_log = logging.getLogger(__name__)


class SecretNames(BaseSettings):
    """What a function fetches before its settings are read."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    secrets: str = Field(
        "",
        description="Names of SecureString parameters, separated by commas; the last part of each "
        "is the setting that it holds.",
    )
    tuning_source: str = Field(
        "",
        pattern=r"^([^/]+/environment/[^/]+/configuration/[^/]+|)$",
        description="Profile of AWS AppConfig that holds TUNING, as its ARN ends.",
    )

    def listed(self) -> tuple[str, ...]:
        """The names, one by one."""
        return tuple(name.strip() for name in self.secrets.split(",") if name.strip())


def setting_names() -> frozenset[str]:
    """Every setting's variable."""
    return frozenset(name.upper() for name in Settings.model_fields)


def secret_setting_names() -> frozenset[str]:
    """The variables of those settings whose values are never shown."""
    fields = Settings.model_fields.items()
    return frozenset(name.upper() for name, field in fields if "SecretStr" in str(field.annotation))


def read_secret_names() -> tuple[str, ...]:
    """The secrets that the environment names. Raises SettingsError."""
    return _fetched().listed()


def read_tuning_source() -> str:
    """The profile of AppConfig that the environment names, empty where it names none."""
    return _fetched().tuning_source


def _fetched() -> SecretNames:
    try:
        return SecretNames()
    except ValidationError as exc:
        raise SettingsError(_explained(exc)) from None


def misspelt_variables() -> dict[str, str]:
    """Variables that are no settings but look like one, each with the one that may be meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - no function asks this at its start

    known = {name.upper() for name in (*setting_names(), *SecretNames.model_fields, TUNING)}
    given = {name.upper(): name for name in os.environ}
    found: dict[str, str] = {}
    for name in sorted(given.keys() - known):
        meant = get_close_matches(name, known, n=1, cutoff=_LOOKS_LIKE)
        if meant and meant[0] not in given and not name.startswith(meant[0]):
            found[given[name]] = meant[0]
    return found


_LOOKS_LIKE = 0.88
"""The similarity of REDIS_URI and REDIS_URL."""


def load_env_file(path: Path, *, over: Collection[str] = ()) -> frozenset[str]:
    """Take the variables of a `.env` file into the environment; their names.

    What the environment holds already stays, but for the names in `over`. Raises SettingsError for
    a file that cannot be read.
    """
    from dotenv import dotenv_values  # noqa: PLC0415 - functions have no such file
    from dotenv.parser import parse_stream  # noqa: PLC0415

    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except (OSError, UnicodeError) as exc:
        raise SettingsError(f"{path} cannot be read: {exc}") from exc
    lines = list(parse_stream(StringIO(text)))
    for line in lines:
        if line.error:
            _log.warning("%s: line %d is not NAME=value, and is left out", path, line.original.line)
    sound = "".join(line.original.string for line in lines if not line.error)
    found = dotenv_values(stream=StringIO(sound))
    taken = {
        name: value
        for name, value in found.items()
        if value is not None and (name in over or name not in os.environ)
    }
    os.environ.update(taken)
    return frozenset(taken)


def read_variable(name: str) -> str | None:
    """What the environment holds under a name that a setting gives; None where it is blank."""
    value = os.environ.get(name, "")
    return value if value.strip() else None


def runs_under_sam_local() -> bool:
    """Whether this is a function that SAM has started on a developer's machine; Lambda never is."""
    return read_variable("AWS_SAM_LOCAL") == "true"


def read_settings(
    secrets: Mapping[str, str] | None = None,
    *,
    unread: Collection[str] = (),
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> Settings:
    """The settings in the environment, under those in TUNING and `secrets` (by variables' names).

    `unread` are names in TUNING that mean nothing to this process; a secret of `addresses` is left
    aside where the setting that it belongs to is not given. Raises SettingsError that names what is
    wrong.
    """
    kept = dict(secrets or {})
    tuning = read_tuning(
        kept.pop(TUNING, "") or read_variable(TUNING) or "{}",
        known=setting_names(),
        secret=secret_setting_names(),
    )
    found = {name.lower(): value for name, value in (tuning | kept).items() if value}
    lone = {
        secret
        for secret, address in addresses.items()
        if address.lower() not in found and read_variable(address) is None
    }
    found = {name: value for name, value in found.items() if name.upper() not in {*unread, *lone}}
    try:
        return Settings.model_validate(found)
    except ValidationError as exc:
        raise SettingsError(_explained(exc)) from None  # the cause would print secret values


def _explained(exc: ValidationError) -> str:
    lines = []
    for error in exc.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in error["loc"]).upper()
        message = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
        lines.append(f"{name}: {message}" if name else message)
    return "\n".join(lines)
