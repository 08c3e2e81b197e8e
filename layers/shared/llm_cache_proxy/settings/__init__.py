"""Every setting, read from the environment once at start; nothing else reads it.

A wrong value stops the start with the variable's name and what was expected.
"""

from llm_cache_proxy.settings.environment import (
    load_env_file,
    misspelt_variables,
    read_secret_names,
    read_settings,
    read_tuning_source,
    read_variable,
    runs_under_sam_local,
    secret_setting_names,
    setting_names,
)
from llm_cache_proxy.settings.model import GROUPS, Settings

__all__ = [
    "GROUPS",
    "Settings",
    "load_env_file",
    "misspelt_variables",
    "read_secret_names",
    "read_settings",
    "read_tuning_source",
    "read_variable",
    "runs_under_sam_local",
    "secret_setting_names",
    "setting_names",
]
