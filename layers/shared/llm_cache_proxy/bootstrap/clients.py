"""Composes what serves clients, in the completions function and in the local server."""

import asyncio
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.api.middleware.client_access import OPEN_CLIENT
from llm_cache_proxy.api.v1.service import Service
from llm_cache_proxy.bootstrap.parts import Parts, cloud_parts
from llm_cache_proxy.bootstrap.pipeline import dependencies, pipeline
from llm_cache_proxy.bootstrap.telemetry import telemetry
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.client_keys.upstream_keys import UpstreamKeys
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.pipeline.options import Dependencies
from llm_cache_proxy.pipeline.recording.counter_writer import (
    UNIDENTIFIED,
    CounterWriter,
    RecentDecisions,
    ResultCounter,
)
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents
from llm_cache_proxy.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_cache_proxy.administration.feedback import Feedback
    from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
    from llm_cache_proxy.ports.request_sink import RequestSink


def request_events(
    settings: Settings,
    counter_writer: CounterWriter,
    console: "RequestSink | None" = None,
    further: "Sequence[RequestSink]" = (),
) -> RequestEvents:
    """The sinks of request events.

    Always the counters and the dashboard; a file and CloudWatch where configured.
    """
    without_tenant = OPEN_CLIENT.tenant if settings.access_mode == "open" else UNIDENTIFIED
    sinks: list[RequestSink] = [
        RecentDecisions(counter_writer, without_tenant, with_prompts=settings.recent_prompts),
        ResultCounter(counter_writer, SystemClock(), without_tenant),
        *further,
    ]
    if settings.log_path is not None:
        from llm_cache_proxy.adapters.request_sink.file import RequestLog

        sinks.append(RequestLog(settings.log_path))
    if settings.metrics_namespace is not None:
        from llm_cache_proxy.adapters.request_sink.cloudwatch import CloudWatchRequests

        sinks.append(CloudWatchRequests(settings.metrics_namespace))
    return RequestEvents(default_prices(settings.prices_path), sinks, console)


def service(
    settings: Settings,
    parts: Parts,
    watched: Dependencies | None = None,
    *,
    frozen: bool = False,
    console: "RequestSink | None" = None,
    latest: "LatestHealth | None" = None,
    sinks: "Sequence[RequestSink]" = (),
) -> Service:
    """The completions app's service; `frozen` if nothing runs after an answer.

    `latest` is the health that `/metrics` and `/admin` report as well. Request events go to `sinks`
    besides those that the settings name.
    """
    watched = dependencies(settings) if watched is None else watched
    traced = telemetry(settings, frozen=frozen)
    composed = pipeline(settings, parts, watched, frozen=frozen, traced=traced)
    noted = (*sinks, *(() if traced is None else traced.sinks))
    events = request_events(settings, composed.counter_writer, console, noted)

    async def health() -> dict[str, object]:
        from llm_cache_proxy.bootstrap.health import latest_health, public_health

        nonlocal latest
        latest = latest or latest_health(settings, parts, frozen=frozen)
        return public_health(await latest.recent(), watched)

    async def close() -> None:
        if latest is not None:
            await latest.aclose()
        await composed.options.detached_tasks.aclose()
        await composed.proxy.drain()
        events.close()
        if traced is not None:
            await asyncio.to_thread(traced.tracer.close)
        await parts.aclose()

    def feedback() -> "Feedback":
        from llm_cache_proxy.administration.feedback import Feedback

        return Feedback(parts.exact, parts.vectors)

    return Service(
        pipeline=composed,
        embedder=parts.embedder if settings.embedder == "minilm" else None,
        feedback=feedback,
        max_body_bytes=settings.max_body_bytes,
        health=health,
        close=close,
        request_events=events,
        tracer=None if traced is None else traced.tracer,
        key_ring=key_ring(settings) if settings.access_mode == "keyed" else None,
        keyed_paths=frozenset(settings.keyed_path_list()),
        cached_paths=frozenset(settings.cached_path_list()),
        unseeded_images=settings.cache_unseeded_images,
        upstream_keys=_upstream_keys(settings),
    )


def key_ring(settings: Settings) -> KeyRing | None:
    """The signer of client keys, if a secret is set."""
    secret, before = settings.key_signing_secret, settings.key_signing_secret_previous
    if secret is None:
        return None
    return KeyRing(
        secret.get_secret_value().encode(),
        None if before is None else before.get_secret_value().encode(),
    )


def _upstream_keys(settings: Settings) -> UpstreamKeys | None:
    secret = settings.key_signing_secret
    if secret is None or not settings.upstream_key_from_client:
        return None
    return UpstreamKeys(secret.get_secret_value().encode())


def completions(settings: Settings) -> Service:
    """The completions function's root."""
    return service(settings, cloud_parts(settings), frozen=True)
