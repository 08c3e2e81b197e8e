"""The local server's root: all functions' routes in one app."""

import asyncio
import logging
import sys
from dataclasses import replace
from functools import partial
from typing import TextIO

import llm_cache_proxy.api.http.deferred_fastapi  # noqa: F401 - before all that imports FastAPI

# isort: split
from llm_cache_proxy.adapters.embedder.minilm.embedder import MiniLMEmbedder
from llm_cache_proxy.adapters.request_sink.console import Console, as_json, coloured, plain
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.owned.store import OwnedVectors
from llm_cache_proxy.adapters.vector_store.qdrant.port import QdrantPort
from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.middleware.cors import with_cors
from llm_cache_proxy.api.middleware.web_pages import HostRule, WebPageProtection
from llm_cache_proxy.api.operators.access import Operators
from llm_cache_proxy.api.operators.admin_app import router as admin_router
from llm_cache_proxy.api.operators.app import include_operators
from llm_cache_proxy.api.operators.metrics_app import METRICS_ROUTERS
from llm_cache_proxy.bootstrap.clients import service
from llm_cache_proxy.bootstrap.health import latest_health
from llm_cache_proxy.bootstrap.local.alerts import alerts
from llm_cache_proxy.bootstrap.local.upkeep import upkeep
from llm_cache_proxy.bootstrap.operators import administration_over
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.bootstrap.pipeline import dependencies
from llm_cache_proxy.domain.errors import (
    EmbedderUnavailable,
    OtherDimensions,
    SettingsError,
    VectorStoreUnavailable,
)
from llm_cache_proxy.ports.embedder import Embedder
from llm_cache_proxy.ports.request_sink import RequestSink
from llm_cache_proxy.settings import Settings, read_variable

_log = logging.getLogger(__name__)
_QUIET_SECONDS = 1.0
_UPKEEP_SECONDS = 30.0
_OPERATORS_PATHS = ("/admin", "/metrics", "/dashboard")


async def prepare(parts: Parts) -> None:
    """Load the model and open the embedded stores, so that the start shows what is wrong.

    The model first: a start that fails without one must have made no folder for the stores.

    A service behind an address may be away now and back later. Raises SettingsError if there is no
    model, and if the collection holds other vectors than the embedder's.
    """
    if isinstance(parts.embedder, MiniLMEmbedder):
        try:
            await parts.embedder.embed(["ready"])
        except EmbedderUnavailable as exc:
            raise SettingsError(
                f"MODEL_DIR: {exc} Where it is unset, the start prepares a model."
            ) from exc
    try:
        if parts.embedder.priced_as and isinstance(parts.vectors, QdrantPort):
            await _hold_to_dimensions(parts.embedder, parts.vectors)
        elif isinstance(parts.vectors, QdrantLocalVectors | OwnedVectors):
            await parts.vectors.open()
    except OtherDimensions as exc:
        raise SettingsError(f"EMBEDDER: {exc}") from exc


async def _hold_to_dimensions(embedder: Embedder, vectors: QdrantPort) -> None:
    """Learn the dimensions from a first vector; raises OtherDimensions."""
    try:
        [embedding] = await embedder.embed(["ready"])
        await vectors.hold_to(len(embedding.vector))
    except OtherDimensions:
        raise
    except (EmbedderUnavailable, VectorStoreUnavailable) as exc:
        _log.warning("the semantic tier is not ready yet: %s", exc)


def console(settings: Settings, stream: TextIO) -> RequestSink | None:
    """The console that prints a line for each request, as CONSOLE says."""
    terminal = stream.isatty()
    form = settings.console
    if form == "off":
        return None
    if form == "json" or (form == "auto" and not terminal):
        return Console(stream, as_json)
    # https://no-color.org: whatever its value.
    return Console(stream, coloured if terminal and not read_variable("NO_COLOR") else plain)


def local_app(
    settings: Settings, parts: Parts, latest: LatestHealth | None = None, *, leads: bool = True
) -> WebPageProtection:
    """Every endpoint on one server, for its own pages and those that CORS allows.

    Of several processes that share the stores one `leads`: it keeps them within their bounds, and
    tells of what is amiss with them.
    """
    watched = dependencies(settings)
    latest = latest or latest_health(settings, parts)
    alerting = alerts(settings, parts, watched, latest, leads=leads)
    sinks = () if alerting is None else (alerting.requests,)
    printing = console(settings, sys.stderr)
    serving = service(settings, parts, watched, console=printing, latest=latest, sinks=sinks)
    writing = partial(serving.pipeline.counter_writer.write_when_idle, _QUIET_SECONDS)
    trimming = upkeep(settings, parts) if leads else None

    async def background_work() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(writing())
            if trimming is not None:
                tasks.create_task(trimming.run(_UPKEEP_SECONDS))
            if alerting is not None:
                tasks.create_task(alerting.alerts.run(alerting.every_seconds))

    app = create_app(replace(serving, background_work=background_work))
    administration = administration_over(settings, parts, watched, latest)
    key = None if settings.admin_key is None else settings.admin_key.get_secret_value()
    operators = Operators(administration, key, serving.pipeline.proxy.all_stored)
    include_operators(app, [*METRICS_ROUTERS, admin_router], operators)
    origins = settings.cors_allow_origins
    return WebPageProtection(
        with_cors(app, origins),
        cors_allow_origins=origins,
        host_rule=HostRule.of(settings.allowed_hosts, settings.host),
        named_alone=_OPERATORS_PATHS if key is None else (),
        request_events=serving.request_events,
    )
