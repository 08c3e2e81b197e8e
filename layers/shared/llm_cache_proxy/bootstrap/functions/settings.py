"""The settings of a Lambda function: its environment, and the secrets named there."""

import logging
from collections.abc import Collection
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from llm_cache_proxy.bootstrap.functions.logs import log_as_json
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import (
    Settings,
    read_secret_names,
    read_settings,
    read_tuning_source,
)
from llm_cache_proxy.settings.tuning import NAME as TUNING

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.appconfig_tuning import AppConfigTuning

CLIENT_KEYS = frozenset({"ACCESS_MODE", "UPSTREAM_KEY_FROM_CLIENT"})
"""Settings that ask for the secret that signs keys."""
STORE_SHAPES = frozenset({"REDIS_CLUSTER_SLOTS"})
"""Settings that ask for a store's address."""
ADDRESSES = MappingProxyType(
    {
        "UPSTREAM_API_KEY": "UPSTREAM_BASE_URL",
        "UPSTREAM_KEYS": "UPSTREAMS",
        "UPSTASH_REDIS_REST_TOKEN": "UPSTASH_REDIS_REST_URL",  # nosec B105 - names
    }
)
"""What each secret belongs to. A deployment stores a secret before the version that has its address
is there; instances of the version before, which start meanwhile, leave it aside."""
_log = logging.getLogger(__name__)


def function_settings(unread: Collection[str] = ()) -> Settings:
    """The function's settings, read anew at each call. Raises SettingsError.

    All functions share one TUNING, and none has a secret that it does not use: a setting that needs
    a missing secret is `unread` there. Sets the level of its log lines as well, since nothing else
    of a function starts earlier.
    """
    secrets: dict[str, str] = {}
    names = read_secret_names()
    if names:
        from llm_cache_proxy.adapters.ssm_secrets import ssm_secrets

        secrets = ssm_secrets(names)
    if source := read_tuning_source():
        secrets[TUNING] = _profile(source).read()
    settings = read_settings(secrets, unread=unread, addresses=ADDRESSES)
    log_as_json(settings.log_level)
    for library in ("httpx", "mangum"):  # a line a request each, httpx's with the whole address
        logging.getLogger(library).setLevel(logging.WARNING)
    for secret, address in ADDRESSES.items():
        if secret in secrets and getattr(settings, address.lower()) is None:
            _log.warning("%s is left aside: %s is not set", secret, address)
    for doubt in settings.doubts():
        _log.warning("%s", doubt)
    return settings


@cache
def _profile(source: str) -> "AppConfigTuning":
    """The one session of this instance, which gets changes alone."""
    from llm_cache_proxy.adapters.appconfig_tuning import AppConfigTuning

    return AppConfigTuning(source)


def restored_settings() -> Settings:
    """As `function_settings`, for an instance restored from a snapshot. Raises SettingsError.

    AppConfig's session is begun anew: the one in the snapshot is every other instance's too.
    """
    _profile.cache_clear()
    return function_settings()


def operator_settings(unread: Collection[str] = ()) -> Settings:
    """As `function_settings`, for functions that serve operators. Raises SettingsError.

    A public address without an admin key would be open to everyone, so a function whose secrets
    are kept in AWS, or that could make client keys, refuses to start without one.
    """
    settings = function_settings(unread)
    guarded = bool(read_secret_names()) or settings.key_signing_secret is not None
    if guarded and settings.admin_key is None:
        raise SettingsError(
            "ADMIN_KEY: expected a SecureString parameter of that name, since /admin, /metrics "
            "and /dashboard would be open to everyone without it."
        )
    return settings
