"""The completions function's ASGI app, for every server."""

from llm_cache_proxy.api.aws.function_app import FunctionApp
from llm_cache_proxy.api.middleware.cors import with_cors
from llm_cache_proxy.api.middleware.web_pages import WebPageProtection
from llm_cache_proxy.bootstrap.function_settings import function_settings
from llm_cache_proxy.bootstrap.priming import prime_everything, prime_exact_tier
from llm_cache_proxy.bootstrap.roots import completions


def completions_app() -> WebPageProtection:
    """The app over managed services. Raises SettingsError."""
    settings = function_settings()
    prime_exact_tier(settings)
    app = FunctionApp(
        completions(settings),
        renewed=lambda: completions(function_settings()),
        prime=lambda: prime_everything(settings),
    )
    origins = settings.cors_allow_origins
    return WebPageProtection(with_cors(app, origins), cors_allow_origins=origins)
