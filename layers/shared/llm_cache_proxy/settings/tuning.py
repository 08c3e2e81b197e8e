"""TUNING: settings in one JSON object, which an operator changes while the stack runs.

It holds how the proxy behaves, by the variables' names, and no secret. It goes before the
environment. A name that is no setting is refused: the change would have no effect.
"""

import json
from collections.abc import Collection

from llm_cache_proxy.domain.errors import SettingsError

NAME = "TUNING"


def read_tuning(text: str, *, known: Collection[str], secret: Collection[str]) -> dict[str, str]:
    """Each setting's name in capitals and its value as a variable would hold it.

    `known` and `secret` are names of settings in capitals; null and an empty text mean unset.
    Raises SettingsError that names what is wrong.
    """
    try:
        given = json.loads(text)
    except ValueError as exc:
        raise SettingsError(f"{NAME}: expected a JSON object: {exc}") from exc
    if not isinstance(given, dict):
        raise SettingsError(f"{NAME}: expected a JSON object of settings by name")
    for name in given:
        _refuse_unknown(name, known)
        if name in secret:
            raise SettingsError(
                f"{NAME}: {name} is a secret, so it needs a SecureString of its own"
            )
    return {name: _as_variable(value) for name, value in given.items() if value is not None}


def _refuse_unknown(name: str, known: Collection[str]) -> None:
    if name not in known:
        from difflib import get_close_matches  # noqa: PLC0415 - no start needs it that goes well

        meant = get_close_matches(name.upper(), known, n=1)
        hint = f"; {meant[0]} may be meant" if meant else ""
        raise SettingsError(f"{NAME}: {name} is no setting{hint}")


def _as_variable(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
