"""`make tune`: change settings of a running stack. Functions see them within a minute."""

import json
from collections.abc import Sequence

from infra.deploy.dialogue.answers import secrets_path
from infra.deploy.stack.aws import Aws
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import read_settings
from llm_cache_proxy.settings.tuning import NAME

_ANY_SECRET = "a stack has one, whatever is tuned"  # noqa: S105 - stands for what is not read


def tuned(text: str, changes: Sequence[str]) -> str:
    """`text` with NAME=VALUE set and NAME= taken out. Raises SettingsError.

    Values stay the words that they are: each is read as a variable's would be.
    """
    settings = _settings_in(text)
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise SettingsError(f"{change}: expected NAME=VALUE, or NAME= to take it out")
        settings[name] = value
    kept = {name: value for name, value in settings.items() if value != ""}
    after = json.dumps(kept, indent=1, sort_keys=True)
    read_settings({NAME: json.dumps(settings), "KEY_SIGNING_SECRET": _ANY_SECRET})
    return after


def _settings_in(text: str) -> dict[str, object]:
    """What somebody has stored; it may be none. Raises SettingsError."""
    try:
        settings = json.loads(text or "{}")
    except ValueError as exc:
        raise SettingsError(f"{NAME}: what is stored is no JSON: {exc}") from exc
    if not isinstance(settings, dict):
        raise SettingsError(f"{NAME}: what is stored is no object of names and values")
    return settings


def tune(aws: Aws, stage: str, changes: Sequence[str], *, source: str = "") -> str:
    """What is in force after the changes, as JSON. Raises SettingsError and AwsError.

    A `source` is the profile of AppConfig that the stack reads in place of the parameter.
    """
    if source:
        raise SettingsError(
            f"{NAME}: the stack reads it from AppConfig ({source}); deploy a version of it there"
        )
    name = f"{secrets_path(stage)}/{NAME}"
    before = aws.secret(name)
    after = tuned(before, changes)
    if changes and after != before:
        aws.put(name, after, kind=aws.kind(name) or "String")  # no parameter changes its kind
    return after
