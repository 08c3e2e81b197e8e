"""The operators' guide names everything that there is to look at and to do."""

import re
from pathlib import Path

import pytest

from fakes.admin import AdminHarness
from llm_cache_proxy.adapters.request_sink.cloudwatch import UNITS
from llm_cache_proxy.administration.metrics.report import Trust
from llm_cache_proxy.api.operators.admin_paths import PATHS
from llm_cache_proxy.api.operators.prometheus import exposition
from llm_cache_proxy.domain.metrics.counter_totals import tally
from samples.request_events import SAVED, USED, an_event
from samples.stack.template import template

GUIDE = Path(__file__).parents[3].joinpath("docs", "operate.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", UNITS)
def test_it_names_every_metric_of_cloudwatch(name: str) -> None:
    assert f"`{name}`" in GUIDE


def test_it_names_every_metric_of_prometheus_and_no_other() -> None:
    text = exposition(tally({}), AdminHarness().administration().prices, {}, Trust(0.0, 0), {})

    assert set(re.findall(r"# TYPE (\w+)", text)) == set(re.findall(r"`(llm_cache_\w+)`", GUIDE))


def test_it_names_every_field_of_a_log_line() -> None:
    whole = {
        "correlation_id": "c",
        "key": "k",
        "vetoes": {"numbers": 1},
        "entry": "e",
        "similarity": 1.0,
        "nano_dollars": 1,
    }

    fields = {
        *an_event(usage=USED, **whole).line(),
        *an_event(usage=SAVED, **whole).line(),
    }
    assert {name for name in fields if f"`{name}`" not in GUIDE} == set()


@pytest.mark.parametrize("path", PATHS)
def test_it_names_every_path_with_its_action(path: str) -> None:
    method, action = PATHS[path]

    assert re.search(rf"`{method} {path}` \| `{action}`", GUIDE)


def test_it_names_every_alarm() -> None:
    resources = template("infra/monitoring.yaml")["Resources"].values()
    names = [
        resource["Properties"]["AlarmName"]
        for resource in resources
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]
    suffixes = {re.sub(r".*\$\{Name\}-", "", str(name)).rstrip("'}") for name in names}

    assert len(suffixes) >= 10
    missing = {
        suffix
        for suffix in suffixes
        if f"`{suffix}`" not in GUIDE and f"`-{suffix.rpartition('-')[2]}`" not in GUIDE
    }
    assert missing == set()
