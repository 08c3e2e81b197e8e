"""The folders of the command's stores and model: those that are set, or the user's own.

They are the same whatever folder the command is started in. Never makes a folder.
"""

from pathlib import Path

from llm_cache_proxy.settings import Settings

_APPLICATION = "llm-cache-proxy"
_MODEL = "all-MiniLM-L6-v2"


def data_dir(settings: Settings) -> Path:
    """The folder of the embedded stores."""
    if settings.data_dir is not None:
        return settings.data_dir
    from platformdirs import user_data_path

    return user_data_path(_APPLICATION, appauthor=False)


def vectors_dir(settings: Settings) -> Path:
    """The folder of the embedded semantic tier."""
    return data_dir(settings) / "qdrant"


def model_dir(settings: Settings) -> Path:
    """The folder of the embedding model."""
    return settings.model_dir if settings.model_dir is not None else own_model_dir()


def own_model_dir() -> Path:
    """The folder that the first start fills."""
    from platformdirs import user_cache_path

    return user_cache_path(_APPLICATION, appauthor=False) / _MODEL
