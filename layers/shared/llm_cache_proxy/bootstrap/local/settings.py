"""The settings of the local server, checked for what is unsafe on a network."""

from collections.abc import Mapping

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.host_names import is_loopback
from llm_cache_proxy.settings import Settings, read_settings


def local_settings(given: Mapping[str, str] | None = None) -> Settings:
    """The server's settings, `given` ones over those of the environment. Raises SettingsError.

    Without an admin key, operators' paths are for this machine alone, and for open access alone.
    """
    settings = read_settings(given)
    if settings.admin_key is None and not is_loopback(settings.host):
        raise SettingsError(
            f"ADMIN_KEY: expected a key, since HOST is {settings.host}, and /admin, /metrics and "
            "/dashboard would be open to everyone who reaches this machine."
        )
    if settings.access_mode == "keyed" and settings.admin_key is None:
        raise SettingsError(
            "ADMIN_KEY: expected a key, since ACCESS_MODE is keyed, and /admin, /metrics and "
            "/dashboard would be open to everyone without one."
        )
    return settings
