"""The alert rules and Grafana's dashboard name what `/metrics` really has, in valid files."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from infra.generated_tables import ROOT
from prometheus_client.parser import text_string_to_metric_families

from samples.exposed import EXPOSED
from samples.promql import Malformed, Series, series_in

OURS = "llm_cache_"
THEIRS = {"up": {"job": {"llm-cache-proxy"}, "instance": set()}}
SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds to each series."""

RULES = yaml.safe_load((ROOT / "infra/prometheus/alerts.yaml").read_text("utf-8"))
DASHBOARD = json.loads((ROOT / "infra/grafana/dashboard.json").read_text("utf-8"))
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}
DURATION = re.compile(r"([1-9]\d*[smhdw])+")
TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
TEMPLATED = re.compile(r"\$labels\.(\w+)|\$value( \| humanizePercentage)?")


def exposed() -> dict[str, dict[str, set[str]]]:
    """Each series' name, its labels and the values that they have."""
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(EXPOSED):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


METRICS = exposed() | THEIRS


def expressions() -> Iterator[tuple[str, str]]:
    for name, rule in ALERTS.items():
        yield name, rule["expr"]
    for title, panel in PANELS.items():
        for target in panel["targets"]:
            yield title, target["expr"]


def check(series: Series) -> None:
    """That `/metrics` has such series, with these labels and values."""
    labels = METRICS[series.name]
    assert series.matchers.keys() <= labels.keys() | SCRAPED
    assert series.grouped_by <= labels.keys() | SCRAPED
    for label, (sign, value) in series.matchers.items():
        branches = value.split("|") if sign == "=~" else [value]
        for branch in branches:
            assert any(re.fullmatch(branch, each) for each in labels[label]), (label, branch)


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_an_expression_names_metrics_labels_and_values_that_there_are(
    where: str, expression: str
) -> None:
    for series in series_in(expression):
        assert series.name in METRICS, where
        check(series)


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_counters_are_read_as_rates_and_gauges_as_they_are(where: str, expression: str) -> None:
    for series in series_in(expression):
        counts = series.name.endswith(("_total", "_bucket", "_sum", "_count"))
        assert series.ranged == counts, where


def test_rules_have_the_fields_that_prometheus_takes_and_no_others() -> None:
    assert RULES.keys() == {"groups"}
    for group in RULES["groups"]:
        assert {"name", "rules"} <= group.keys() <= {"name", "rules", "interval"}
    for rule in ALERTS.values():
        assert {"alert", "expr", "labels", "annotations"} <= rule.keys()
        assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
        assert DURATION.fullmatch(rule.get("for", "1m"))
        assert rule["labels"].keys() == {"severity"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_no_two_alerts_have_one_name() -> None:
    names = [rule["alert"] for group in RULES["groups"] for rule in group["rules"]]

    assert len(set(names)) == len(names) >= 8
    assert all(re.fullmatch(r"LlmCacheProxy[A-Za-z]+", name) for name in names)


@pytest.mark.parametrize("rule", list(ALERTS.values()), ids=list(ALERTS))
def test_an_alerts_words_use_labels_that_its_series_have(rule: dict[str, Any]) -> None:
    text = "".join(rule["annotations"].values())
    series = series_in(rule["expr"])

    for placeholder in TEMPLATE.findall(text):
        found = TEMPLATED.fullmatch(placeholder.strip())
        assert found, placeholder
        if found[1]:
            kept = series[0].grouped_by or {*METRICS[series[0].name], *SCRAPED}
            assert found[1] in kept


def test_every_metric_but_a_few_is_on_the_dashboard() -> None:
    shown = {series.name for _, expression in expressions() for series in series_in(expression)}
    families = {name for name in METRICS if name.startswith(OURS)}

    assert {name for name in families - shown if not name.endswith(("_sum", "_count"))} <= set()


def test_panels_do_not_overlap_and_are_within_the_page() -> None:
    taken = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x, y in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        )
    ]

    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_panels_have_ids_units_and_the_chosen_data_source() -> None:
    panels = DASHBOARD["panels"]
    [variable] = DASHBOARD["templating"]["list"]
    sources = [each["datasource"] for panel in panels for each in (panel, *panel["targets"])]

    assert len({panel["id"] for panel in panels}) == len(PANELS) == len(panels)
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in panels)
    assert (variable["name"], variable["query"]) == ("datasource", "prometheus")
    assert all(each == {"type": "prometheus", "uid": "${datasource}"} for each in sources)


@pytest.mark.parametrize("panel", list(PANELS.values()), ids=list(PANELS))
def test_a_legend_names_labels_that_the_series_keep(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        kept = series_in(target["expr"])[0].grouped_by
        assert set(TEMPLATE.findall(target["legendFormat"])) <= kept


@pytest.mark.parametrize(
    "expression",
    [
        "1 > 0",
        "sum(rate(llm_cache_requests_total[5m])",
        "rate(llm_cache_requests_total)",
        "llm_cache_breaker_open[5m]",
        "sum(llm_cache_breaker_open{tier=exact})",
        "summe(llm_cache_breaker_open)",
        "llm_cache_breaker_open ? 1",
    ],
)
def test_the_check_refuses_what_prometheus_would_refuse(expression: str) -> None:
    with pytest.raises(Malformed):
        series_in(expression)
