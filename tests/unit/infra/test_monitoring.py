import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from llm_cache_proxy.adapters.request_sink.cloudwatch import DIMENSION, UNITS
from llm_cache_proxy.domain.requests.reasons import Result
from samples.stack.monitoring import GIVEN, monitoring
from samples.stack.template import Stack, template


def alarms(stack: Stack) -> dict[str, Any]:
    return stack.of_type("AWS::CloudWatch::Alarm")


def test_the_stack_hands_over_every_parameter_that_has_no_default() -> None:
    handed = Stack().resources["Watch"]["Properties"]["Parameters"]
    parameters = template("infra/monitoring.yaml")["Parameters"]

    assert handed.keys() <= parameters.keys()
    assert {name for name, given in parameters.items() if "Default" not in given} <= handed.keys()


def test_the_dashboard_is_json_whose_widgets_do_not_overlap() -> None:
    body = monitoring().resources["Dashboard"]["Properties"]["DashboardBody"]
    widgets = json.loads(body)["widgets"]
    places = {(widget["x"], widget["y"]) for widget in widgets}

    assert len(places) == len(widgets) >= 6
    assert "${" not in body


@pytest.mark.parametrize(
    ("address", "topic"),
    [("arn:aws:sns:t", "arn:aws:sns:t"), ("me@example.com", "<AlarmTopic>")],
)
def test_every_alarm_goes_to_the_topic_or_to_one_that_mails(address: str, topic: str) -> None:
    for alarm in alarms(monitoring(AlarmAddress=address)).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [topic]
        assert alarm["TreatMissingData"] == "notBreaching"


def test_a_topic_is_made_for_a_mailbox_alone() -> None:
    made = monitoring(AlarmAddress="me@example.com").resources["AlarmTopic"]["Properties"]

    assert made["Subscription"] == [{"Protocol": "email", "Endpoint": "me@example.com"}]
    assert "AlarmTopic" not in monitoring(AlarmAddress="arn:aws:sns:t").resources
    assert "AlarmTopic" not in monitoring().resources


def test_without_a_topic_alarms_only_show() -> None:
    for alarm in alarms(monitoring()).values():
        assert "AlarmActions" not in alarm


@pytest.mark.parametrize(("reserved", "watches"), [("", False), ("0", False), ("20", True)])
def test_concurrency_is_watched_where_it_is_reserved(reserved: str, *, watches: bool) -> None:
    found = alarms(monitoring(ReservedConcurrency=reserved))

    assert ("CompletionsCrowded" in found) == watches


def test_an_external_embedder_is_not_watched() -> None:
    found = alarms(monitoring(EmbeddingFunction=""))

    assert not any(name.startswith("Embedding") for name in found)


def own_metrics_of_alarms() -> Iterator[tuple[str, dict[str, str]]]:
    """Each of our metrics that an alarm reads, and its dimensions."""
    for alarm in alarms(monitoring(ReservedConcurrency="20")).values():
        stats = [
            one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one
        ]
        for metric in [*stats, *([alarm] if "MetricName" in alarm else [])]:
            if metric["Namespace"] == GIVEN["Namespace"]:
                yield metric["MetricName"], {d["Name"]: d["Value"] for d in metric["Dimensions"]}


def own_metrics_of_the_dashboard() -> Iterator[tuple[str, dict[str, str]]]:
    """The same of the dashboard; a search has every value of the dimension."""
    body = monitoring().resources["Dashboard"]["Properties"]["DashboardBody"]
    for widget in json.loads(body)["widgets"]:
        before: list[str] = []
        for row in widget["properties"]["metrics"]:
            words = [word for word in row if isinstance(word, str)]
            if words[:1] == ["..."]:
                words = before[: len(before) - len(words) + 1] + words[1:]
            before = words or before
            if words[:1] == [GIVEN["Namespace"]]:
                yield words[1], dict(zip(words[2::2], words[3::2], strict=True))
            for option in row:
                if isinstance(option, dict) and "SEARCH" in option.get("expression", ""):
                    [(schema, name)] = re.findall(
                        r"SEARCH\('{(\S+)} MetricName=\"(\w+)\"'", option["expression"]
                    )
                    assert schema == f"{GIVEN['Namespace']},{DIMENSION}"
                    yield name, {}


def test_dashboard_and_alarms_read_the_metrics_that_the_code_writes_and_all_of_them() -> None:
    shown = [*own_metrics_of_alarms(), *own_metrics_of_the_dashboard()]

    assert {name for name, _ in shown} == set(UNITS)
    for _, dimensions in shown:
        assert set(dimensions) <= {DIMENSION}
        assert set(dimensions.values()) <= {result.value for result in Result}


def test_there_is_an_alarm_for_what_costs_money_or_answers() -> None:
    names = {name for name, _ in own_metrics_of_alarms()}

    asked = {"Requests", "NotRead", "Latency"}
    assert names == asked | {"UpstreamErrors", "CacheErrors", "ThresholdsRaised"}
    assert {"ApiFailing", "CompletionsSlow", "CompletionsThrottled"} <= set(alarms(monitoring()))


def calculated(expression: str, values: Mapping[str, float | None]) -> float:
    """What metric math says of these sums; None is a metric without data."""
    functions = {
        "FILL": lambda sum_, otherwise: otherwise if sum_ is None else sum_,
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
    }
    return float(eval(expression, functions, dict(values)))  # noqa: S307 - our own template's


@pytest.mark.parametrize("unread", [None, 900.0])
def test_the_hit_ratio_is_of_what_could_have_been_hit_in_alarm_and_widget(
    unread: float | None,
) -> None:
    sums = {"exact": 3.0, "semantic": None, "misses": 1497.0, "unread": unread}
    possible = 1500 - (unread or 0)
    math = alarms(monitoring())["HitRatioCollapsed"]["Metrics"]
    expressions = {one["Id"]: one["Expression"] for one in math if "Expression" in one}
    body = monitoring().resources["Dashboard"]["Properties"]["DashboardBody"]
    [drawn] = re.findall(r'"expression": "([^"]+)", "label": "of what could', body)

    known: dict[str, float | None] = dict(sums)
    for name in ("hits", "possible", "ratio"):
        known[name] = calculated(expressions[name], known)

    assert known["possible"] == possible
    assert known["ratio"] == calculated(drawn, sums) == pytest.approx(300 / possible)


def test_the_stack_gives_code_and_dashboard_the_same_namespace() -> None:
    stack = Stack()
    variables = stack.resources["CompletionsFunction"]["Properties"]["Environment"]["Variables"]

    watch = stack.resources["Watch"]["Properties"]["Parameters"]
    assert variables["METRICS_NAMESPACE"] == watch["Namespace"]
