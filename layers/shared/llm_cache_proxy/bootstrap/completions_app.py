"""The completions function's ASGI app, whoever serves it."""

from starlette.middleware.cors import CORSMiddleware

from llm_cache_proxy.api.cors import with_cors
from llm_cache_proxy.api.function_app import FunctionApp
from llm_cache_proxy.bootstrap.function_settings import function_settings
from llm_cache_proxy.bootstrap.priming import prime_everything, prime_exact_tier
from llm_cache_proxy.bootstrap.roots import completions


def completions_app() -> FunctionApp | CORSMiddleware:
    """The app over managed services. Raises SettingsError."""
    settings = function_settings()
    prime_exact_tier(settings)
    app = FunctionApp(
        completions(settings),
        renewed=lambda: completions(function_settings()),
        prime=lambda: prime_everything(settings),
    )
    return with_cors(app, settings.cors_allow_origins)
