"""The local server's root: all functions' routes in one app."""

import asyncio
from dataclasses import replace
from functools import partial

from starlette.types import ASGIApp

from llm_cache_proxy.adapters.embedder.minilm.embedder import MiniLMEmbedder
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.middleware.cors import with_cors
from llm_cache_proxy.api.middleware.web_pages import HostRule, WebPageProtection, is_loopback
from llm_cache_proxy.api.operators.access import Operators
from llm_cache_proxy.api.operators.admin_app import router as admin_router
from llm_cache_proxy.api.operators.app import include_operators
from llm_cache_proxy.api.operators.metrics_app import METRICS_ROUTERS
from llm_cache_proxy.bootstrap.operators import administration_over
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.bootstrap.pipeline import dependencies
from llm_cache_proxy.bootstrap.roots import service
from llm_cache_proxy.bootstrap.upkeep import upkeep
from llm_cache_proxy.domain.errors import EmbedderUnavailable, SettingsError
from llm_cache_proxy.settings import Settings, read_settings


def local_settings() -> Settings:
    """The server's settings. Raises SettingsError.

    Without an admin key, operators' paths are for this machine alone, and for open access alone.
    """
    settings = read_settings()
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


_QUIET_SECONDS = 1.0
_UPKEEP_SECONDS = 30.0


async def prepare(parts: Parts) -> None:
    """Open the embedded stores and load the model, so that what is wrong shows at the start.

    What lies behind an address may be away now and back later, so it is not checked. Raises
    SettingsError where there is no model.
    """
    if isinstance(parts.vectors, QdrantLocalVectors):
        await parts.vectors.open()
    if isinstance(parts.embedder, MiniLMEmbedder):
        try:
            await parts.embedder.embed(["ready"])
        except EmbedderUnavailable as exc:
            raise SettingsError(f"MODEL_DIR: {exc}") from exc


def local_app(settings: Settings, parts: Parts) -> ASGIApp:
    """Every endpoint on one server, for its own pages and those that CORS allows."""
    watched = dependencies(settings)
    serving = service(settings, parts, watched)
    writing = partial(serving.pipeline.counter_writer.write_when_idle, _QUIET_SECONDS)
    trimming = upkeep(settings, parts)

    async def meanwhile() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(writing())
            if trimming is not None:
                tasks.create_task(trimming.run(_UPKEEP_SECONDS))

    app = create_app(replace(serving, meanwhile=meanwhile))
    administration = administration_over(settings, parts, watched)
    key = None if settings.admin_key is None else settings.admin_key.get_secret_value()
    include_operators(app, [*METRICS_ROUTERS, admin_router], Operators(administration, key))
    origins = settings.cors_allow_origins
    return WebPageProtection(
        with_cors(app, origins),
        cors_allow_origins=origins,
        host_rule=HostRule.of(settings.allowed_hosts, settings.host),
    )
