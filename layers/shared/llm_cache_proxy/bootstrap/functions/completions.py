"""The completions function's ASGI app, for every server."""

import asyncio
import time
from collections.abc import Callable

import llm_cache_proxy.api.http.deferred_fastapi  # noqa: F401 - before all that imports FastAPI

# isort: split
from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.aws.function_app import FunctionApp, Served
from llm_cache_proxy.api.middleware.cors import with_cors
from llm_cache_proxy.api.middleware.web_pages import WebPageProtection
from llm_cache_proxy.bootstrap.clients import completions
from llm_cache_proxy.bootstrap.functions.priming import prime_everything, prime_exact_tier
from llm_cache_proxy.bootstrap.functions.settings import function_settings, restored_settings
from llm_cache_proxy.bootstrap.functions.settings_watch import SettingsWatch
from llm_cache_proxy.settings import Settings


def completions_app(*, now: Callable[[], float] = time.monotonic) -> FunctionApp:
    """The app over managed services; `now` counts the seconds of a run. Raises SettingsError."""
    settings = function_settings()
    prime_exact_tier(settings)
    watch = SettingsWatch(settings, function_settings, now=now)

    async def changed() -> Served | None:
        found = await asyncio.to_thread(watch.changed) if watch.is_due else None
        return None if found is None else served(found)

    def restored() -> Served:
        found = restored_settings()
        watch.restart(found)
        return served(found)

    return FunctionApp(
        served(settings),
        restored=restored,
        prime=lambda: prime_everything(settings),
        changed=changed,
    )


def served(settings: Settings) -> Served:
    """The service that these settings compose, and its app. Raises SettingsError."""
    service = completions(settings)
    origins = settings.cors_allow_origins
    app = with_cors(create_app(service), origins)
    return Served(service, WebPageProtection(app, cors_allow_origins=origins))
