"""The secrets that tests hand out, and whether anything that was said holds one of them."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from llm_cache_proxy.settings import Settings

IN_PROCESS = (
    "right-and-secret",
    "sk-secret",
    "sk-upstream",
    "the-admin-key",
    "rest-token",
    "s3cr3t-w0rd",
    "a-signing-secret-of-forty",
    "a secret that signs the keys of clients",
)
"""What tests within one process are given as keys, tokens and passwords."""

_SECRET_SETTINGS = {
    name.upper()
    for name, field in Settings.model_fields.items()
    if "SecretStr" in repr(field.annotation)
}
_SHORTEST = 6  # a shorter one could stand in a log by chance


def secrets_of(settings: Mapping[str, str]) -> set[str]:
    """The secret values among a process's settings; of an address, the password alone."""
    given = (settings[name] for name in settings.keys() & _SECRET_SETTINGS)
    values = {(urlsplit(value).password or "") if "://" in value else value for value in given}
    return {value for value in values if len(value) >= _SHORTEST}


def found_in(text: str, secrets: set[str]) -> set[str]:
    """Those of the secrets that stand in what was said."""
    return {secret for secret in secrets if secret in text}
