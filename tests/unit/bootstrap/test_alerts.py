"""Facts about which of several processes reports what."""

from pathlib import Path

from llm_cache_proxy.administration.alerts.troubles import RequestTroubles
from llm_cache_proxy.bootstrap.health import latest_health
from llm_cache_proxy.bootstrap.local.alerts import Alerting, alerts
from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.bootstrap.pipeline import dependencies
from llm_cache_proxy.settings import Settings

WEBHOOK = {"alert_webhook_url": "https://chat.example/hook", "shadow_rate": 0.5}


def made(folder: Path, *, leads: bool) -> Alerting:
    settings = Settings.model_validate({**WEBHOOK, "data_dir": folder})
    parts = local_parts(settings)
    found = alerts(
        settings, parts, dependencies(settings), latest_health(settings, parts), leads=leads
    )
    assert found is not None
    return found


def test_the_leading_process_reports_what_all_processes_share(tmp_path: Path) -> None:
    leading, other = made(tmp_path, leads=True), made(tmp_path, leads=False)

    assert len(leading.alerts.sources) == 4
    assert [type(each) for each in other.alerts.sources] == [RequestTroubles]
