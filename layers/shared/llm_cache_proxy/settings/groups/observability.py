"""What the proxy says of its work, and to whom."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from llm_cache_proxy.settings.values import AnyCase, BaseUrl, LogLevel, Seconds, SecretUrl


class ObservabilitySettings(BaseModel):
    """What the proxy says of its work, and to whom."""

    model_config = ConfigDict(defer_build=True)

    log_level: LogLevel = Field(
        "INFO", description="Lowest level that is logged: debug, info, warning or error."
    )
    log_path: Path | None = Field(
        None, description="File for the request log: one JSON line each, without prompts."
    )
    console: Annotated[Literal["auto", "lines", "json", "off"], AnyCase] = Field(
        "auto",
        description="What the local server prints for each request: lines for people, json, or "
        "off; auto prints lines on a terminal and JSON elsewhere.",
    )
    requests_kept: int = Field(
        1_000,
        ge=0,
        le=100_000,
        description="Recent requests that the dashboard can list, by tenant, newest first; each "
        "takes half a kilobyte of the exact tier's store.",
    )
    recent_prompts: bool = Field(
        False,
        description="Whether the dashboard shows prompts: their first 200 characters, or 2,000 "
        "where they were compared semantically.",
    )
    prices_path: Path | None = Field(
        None, description="JSON file of prices that extend or replace the built-in list."
    )
    metrics_namespace: str | None = Field(
        None,
        min_length=1,
        max_length=255,
        description="CloudWatch namespace for metrics: one log line per request carries them.",
    )
    otel_exporter_otlp_endpoint: BaseUrl | None = Field(
        None,
        description="Base URL of an OpenTelemetry collector (OTLP over HTTP, such as "
        "http://127.0.0.1:4318): spans and metrics go there. Needs the extra otel.",
    )
    otel_exporter_otlp_headers: SecretStr | None = Field(
        None, description="Headers for the collector: name=value, separated by commas."
    )
    otel_service_name: str = Field(
        "llm-cache-proxy", min_length=1, description="Name of this service in traces."
    )
    xray_steps: bool = Field(
        False,
        description="Whether a function shows each step of a request in its X-Ray trace.",
    )
    alert_webhook_url: SecretUrl | None = Field(
        None,
        description='Webhook that the local server tells of lasting trouble: POST {"text"}, as '
        "Slack takes it. In AWS, alarms do that.",
    )
    alert_after_seconds: Seconds = Field(
        60.0, description="How long a trouble lasts before ALERT_WEBHOOK_URL hears of it."
    )
