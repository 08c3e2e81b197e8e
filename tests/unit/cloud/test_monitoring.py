import json
from typing import Any

import pytest

from samples.stack import Stack, template

GIVEN = {
    "Name": "lcp",
    "CompletionsFunction": "lcp-completions",
    "EmbeddingFunction": "lcp-embedding",
    "MetricsFunction": "lcp-metrics",
    "AdminFunction": "lcp-admin",
    "FailedInvocations": "lcp-failed-invocations",
    "CompletionsTimeoutSeconds": "300",
}


def watched(**parameters: str) -> Stack:
    return Stack(template("infra/monitoring.yaml"), **{**GIVEN, **parameters})


def alarms(stack: Stack) -> dict[str, Any]:
    return stack.of_type("AWS::CloudWatch::Alarm")


def test_the_stack_hands_over_every_parameter_that_has_no_default() -> None:
    handed = Stack().resources["Watch"]["Properties"]["Parameters"]
    parameters = template("infra/monitoring.yaml")["Parameters"]

    assert handed.keys() <= parameters.keys()
    assert {name for name, given in parameters.items() if "Default" not in given} <= handed.keys()


def test_the_dashboard_is_json_whose_widgets_do_not_overlap() -> None:
    body = watched().resources["Dashboard"]["Properties"]["DashboardBody"]
    widgets = json.loads(body)["widgets"]
    places = {(widget["x"], widget["y"]) for widget in widgets}

    assert len(places) == len(widgets) >= 6
    assert "${" not in body


def test_every_alarm_tells_the_topic() -> None:
    for alarm in alarms(watched(AlarmTopicArn="arn:aws:sns:t")).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == ["arn:aws:sns:t"]
        assert alarm["TreatMissingData"] == "notBreaching"


def test_without_a_topic_alarms_only_show() -> None:
    for alarm in alarms(watched()).values():
        assert "AlarmActions" not in alarm


@pytest.mark.parametrize(("reserved", "watches"), [("", False), ("0", False), ("20", True)])
def test_concurrency_is_watched_where_it_is_reserved(reserved: str, *, watches: bool) -> None:
    found = alarms(watched(ReservedConcurrency=reserved))

    assert ("CompletionsCrowded" in found) == watches


def test_an_embedder_elsewhere_is_not_watched() -> None:
    found = alarms(watched(EmbeddingFunction=""))

    assert not any(name.startswith("Embedding") for name in found)
