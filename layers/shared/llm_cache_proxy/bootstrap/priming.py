"""What a started instance already holds: modules that are otherwise imported on first use."""

from importlib import import_module

from llm_cache_proxy.settings import Settings


def prime(settings: Settings) -> None:
    """Import what the settings will need; opens nothing and makes nothing that must be unique."""
    modules = []
    if settings.semantic_cache and settings.qdrant_url is not None:
        modules.append("llm_cache_proxy.adapters.qdrant_server")
    if settings.semantic_cache and settings.embedding_function is not None:
        modules.append("boto3")
    for module in modules:
        import_module(module)
