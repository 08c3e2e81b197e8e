"""Alerts of the local server: what it looks for, and the webhook that it reports to."""

import socket
from typing import NamedTuple

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.administration.alerts.alerts import AlertRules, Alerts, Source
from llm_cache_proxy.administration.alerts.troubles import (
    DiskTrouble,
    PartTroubles,
    RequestTroubles,
    WrongShareTrouble,
)
from llm_cache_proxy.administration.metrics.counters import Counters
from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
from llm_cache_proxy.bootstrap.local.folders import data_dir
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.pipeline.options import Dependencies
from llm_cache_proxy.settings import Settings

_MOST_SECONDS = 10.0


class Alerting(NamedTuple):
    """The alerts, the sink of request events that they watch, and the time between two looks."""

    alerts: Alerts
    requests: RequestTroubles
    every_seconds: float


def alerts(
    settings: Settings,
    parts: Parts,
    watched: Dependencies,
    latest: LatestHealth,
    *,
    leads: bool = True,
) -> Alerting | None:
    """None where no webhook is named.

    The process that `leads` reports what all processes of a server share; each reports the
    requests that it answers.
    """
    if settings.alert_webhook_url is None:
        return None
    from llm_cache_proxy.adapters.webhook import Webhook

    clock = SystemClock()
    requests = RequestTroubles(clock)

    def breakers() -> dict[str, str]:
        return {one.name: "open" if one.breaker.is_open else "closed" for one in watched.all()}

    space = DiskSpace(data_dir(settings), settings.min_free_bytes)
    sources: list[Source] = [requests]
    if leads:
        sources += [PartTroubles(latest.recent, breakers), DiskTrouble(space.shortage)]
    if leads and (settings.shadow_rate > 0 or settings.max_wrong_share is not None):
        most = settings.max_wrong_share or settings.shadow_limit
        sources.append(WrongShareTrouble(Counters(parts.exact), clock, most))
    after = settings.alert_after_seconds
    alerts = Alerts(
        sources,
        Webhook(settings.alert_webhook_url.get_secret_value()),
        clock,
        f"{socket.gethostname()}:{settings.port}",
        AlertRules(after_seconds=after, gap_seconds=min(after, AlertRules().gap_seconds)),
    )
    return Alerting(alerts, requests, min(_MOST_SECONDS, after / 2))
