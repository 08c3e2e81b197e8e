"""Picks where spans go: to a collector, to X-Ray, or nowhere, with nothing imported."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from llm_cache_proxy.bootstrap.upstreams import upstream_configs
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.pipeline.options import Ports
from llm_cache_proxy.settings import Settings, read_variable

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.telemetry.traced_upstream import Address
    from llm_cache_proxy.ports.request_sink import RequestSink
    from llm_cache_proxy.ports.tracer import Tracer

_PACKAGES = "opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
_XRAY_DAEMON = "127.0.0.1:2000"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A tracer, the sinks that request events go to for it, and the upstreams' addresses."""

    tracer: "Tracer"
    sinks: "tuple[RequestSink, ...]"
    addresses: "dict[str, Address]"

    def ports(self, ports: Ports) -> Ports:
        """The same ports, their steps in spans."""
        from llm_cache_proxy.adapters.telemetry.traced_ports import traced_ports

        return traced_ports(ports, self.tracer, self.addresses)

    def guard(self, guard: Guard) -> Guard:
        """The same guard, its verdicts in spans."""
        from llm_cache_proxy.adapters.telemetry.traced_ports import TracedGuard

        return TracedGuard(guard, self.tracer)


def telemetry(settings: Settings, *, frozen: bool = False) -> Telemetry | None:
    """The telemetry; None if nothing is traced.

    Raises SettingsError if the packages for a collector are missing; a function, which is `frozen`
    between requests, goes on without.
    """
    if settings.otel_exporter_otlp_endpoint is not None:
        try:
            return _to_collector(settings, settings.otel_exporter_otlp_endpoint)
        except ImportError as exc:
            missing = SettingsError(
                "OTEL_EXPORTER_OTLP_ENDPOINT: OpenTelemetry is not installed "
                f"({exc.name}); pip install {_PACKAGES} adds it."
            )
            if not frozen:
                raise missing from exc
            _log.error("nothing is traced: %s", missing)
            return None
    return _to_xray(settings) if settings.xray_steps else None


def _to_collector(settings: Settings, endpoint: str) -> Telemetry:
    from llm_cache_proxy.adapters.telemetry.otlp import Collector, OtlpTracer
    from llm_cache_proxy.adapters.telemetry.request_meters import RequestMeters
    from llm_cache_proxy.adapters.telemetry.request_spans import RequestSpans

    secret = settings.otel_exporter_otlp_headers
    headers = {} if secret is None else otlp_headers(secret.get_secret_value())
    tracer = OtlpTracer(Collector(endpoint, settings.otel_service_name, headers))
    return Telemetry(
        tracer, (RequestSpans(tracer), RequestMeters(tracer.meter)), _addresses(settings)
    )


def _to_xray(settings: Settings) -> Telemetry:
    from llm_cache_proxy.adapters.telemetry.request_spans import RequestSpans
    from llm_cache_proxy.adapters.telemetry.xray import XRayTracer

    host, _, port = (read_variable("AWS_XRAY_DAEMON_ADDRESS") or _XRAY_DAEMON).rpartition(":")
    tracer = XRayTracer((host, int(port)), lambda: read_variable("_X_AMZN_TRACE_ID"))
    return Telemetry(tracer, (RequestSpans(tracer),), _addresses(settings))


def otlp_headers(text: str) -> dict[str, str]:
    """Headers as OTEL_EXPORTER_OTLP_HEADERS lists them: `a=b,c=d`, values percent-encoded."""
    pairs = (pair.partition("=")[::2] for pair in text.split(",") if "=" in pair)
    return {name.strip().lower(): unquote(value.strip()) for name, value in pairs}


def _addresses(settings: Settings) -> "dict[str, Address]":
    from llm_cache_proxy.adapters.telemetry.traced_upstream import Address

    found = {}
    for config in upstream_configs(settings):
        parts = urlsplit(config.base_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found[config.name] = Address(parts.hostname or "", port)
    return found
