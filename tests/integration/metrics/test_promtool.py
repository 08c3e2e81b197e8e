"""Facts about what Prometheus's own checker says of our rules, panels and metrics."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from infra.generated_tables import ROOT

from samples.exposed import EXPOSED
from servers.requirements import require_program

RULES = ROOT / "infra" / "prometheus"


def promtool(*arguments: str, stdin: str = "") -> str:
    """What it says; fails where it is not content."""
    done = subprocess.run(
        [require_program("promtool"), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_rules_are_valid() -> None:
    assert "11 rules found" in promtool("check", "rules", str(RULES / "alerts.yaml"))


def test_each_alert_fires_when_it_should_and_not_before() -> None:
    cases = RULES / "alerts_test.yaml"
    rules = yaml.safe_load((RULES / "alerts.yaml").read_text("utf-8"))
    named = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    tried = [
        one
        for case in yaml.safe_load(cases.read_text("utf-8"))["tests"]
        for one in case["alert_rule_test"]
    ]

    assert "SUCCESS" in promtool("test", "rules", str(cases))
    assert {one["alertname"] for one in tried if one["exp_alerts"]} == named


def test_an_alert_with_another_text_is_found(tmp_path: Path) -> None:
    case = (RULES / "alerts_test.yaml").read_text("utf-8")
    other = case.replace("10% of requests fail", "11% of requests fail")
    (tmp_path / "alerts.yaml").write_text((RULES / "alerts.yaml").read_text("utf-8"))
    (tmp_path / "other.yaml").write_text(other)

    with pytest.raises(AssertionError, match="FAILED"):
        promtool("test", "rules", str(tmp_path / "other.yaml"))


def test_every_panel_of_grafana_asks_what_prometheus_understands(tmp_path: Path) -> None:
    panels = json.loads((ROOT / "infra/grafana/dashboard.json").read_text("utf-8"))["panels"]
    asked = [
        re.sub(r"\$__(rate_interval|range)", "5m", target["expr"])
        for panel in panels
        for target in panel["targets"]
    ]
    rules = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(asked)]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))

    assert f"{len(asked)} rules found" in promtool("check", "rules", str(file))


def test_what_is_exposed_keeps_to_prometheus_conventions() -> None:
    assert promtool("check", "metrics", stdin=EXPOSED) == ""
